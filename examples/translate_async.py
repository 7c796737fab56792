"""Translates a document with asyncio and prints each sentence as it arrives.

usage: python examples/translate_async.py FILE [SERVER]
"""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

from mujaz_client import AsyncClient, TranslatedSentence


async def main(file: str, server: str = "localhost:50051") -> None:
    """Prints the English, and after it what the server doubts, if anything."""
    text = Path(file).read_text(encoding="utf-8")
    async with AsyncClient(server) as client, aclosing(client.translate_document(text)) as events:
        async for event in events:
            if isinstance(event, TranslatedSentence):
                doubts = ", ".join(flag.name for flag in event.flags if flag.is_doubt)
                print(f"{event.text}  [{doubts}]" if doubts else event.text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
