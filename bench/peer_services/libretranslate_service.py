"""LibreTranslate's own server.

python -m peer_services.libretranslate_service --port PORT …

It is started as its command starts it, but for the rule of `without_splitter` and for its logs,
which tell every step of every translation.
"""

import logging

from libretranslate.main import main

from peer_services import without_splitter

if __name__ == "__main__":
    without_splitter.install()
    logging.getLogger("argostranslate.utils").setLevel(logging.WARNING)
    main()
