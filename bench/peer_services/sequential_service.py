"""A sequential service, as EasyNMT's: HTTP, one lock, one sentence a call of the translator.

python -m peer_services.sequential_service PORT

EasyNMT itself puts transformers behind the lock; here it is CTranslate2, so that the difference is
the service alone.
"""

import sys
import threading

from peer_services.http_service import serve
from peer_services.starter_translator import StarterTranslator


def main() -> None:
    """Serves until the process is ended."""
    translator, lock = StarterTranslator(), threading.Lock()

    def translate(lines: list[str]) -> list[str]:
        with lock:
            return [text for line in lines for text in translator.translate([line])]

    serve(translate, int(sys.argv[1]))


if __name__ == "__main__":
    main()
