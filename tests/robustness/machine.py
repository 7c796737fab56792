"""Where our own processes find our modules."""

import os
from pathlib import Path

TESTS = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(TESTS)}
