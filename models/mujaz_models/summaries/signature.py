"""What the figures depend on, in one line that travels with them."""

import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from mujaz_models.summaries import weights
from mujaz_models.summaries.interval import RESAMPLES, SEED
from mujaz_models.summaries.sets import SummarySet
from mujaz_server.summary.selection import Language


def signature(sets: Sequence[SummarySet], tuned: Mapping[Language, weights.Tuned]) -> str:
    """Returns weights, sets, budget, bootstrap, versions and commit."""
    sizes = ",".join(f"{given.name} {len(given.articles)}" for given in sets)
    packages = ("mujaz-server", "rouge-score", "sumy", "numpy")
    return "|".join(
        [
            weights.describe(tuned),
            f"sets {sizes}",
            "budget mean words of the references, whole sentences",
            f"rouge F1, en Porter, ar folded|bootstrap {RESAMPLES} seed {SEED}",
            ",".join(f"{name} {version(name)}" for name in packages),
            f"python {platform.python_version()}|commit {_commit()}",
        ]
    )


def _commit() -> str:
    """Returns the commit that this file stands in; `unknown` where it is installed from a wheel."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    done = subprocess.run(  # noqa: S603 (its arguments are constant)
        [git, "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
