"""Argos Translate by its own API, behind HTTP.

python -m peer_services.argos_service PORT

Packages are found where ARGOS_PACKAGES_DIR says. Its `translate` cuts a text into lines and gives
each to CTranslate2 by itself, whoever else is waiting.
"""

import sys

from argostranslate import translate

from peer_services import without_splitter
from peer_services.http_service import serve


def main() -> None:
    """Serves until the process is ended."""
    without_splitter.install()
    translation = translate.get_translation_from_codes("ar", "en")
    serve(
        lambda lines: translation.translate("\n".join(lines)).split("\n"),
        int(sys.argv[1]),
    )


if __name__ == "__main__":
    main()
