"""Summarizes a document without asyncio, and shows where each sentence comes from.

usage: python examples/summarize_sync.py FILE [SERVER]
"""

import sys
from pathlib import Path

from mujaz_client import Client, SentenceCount, SummaryOptions


def main(file: str, server: str = "localhost:50051") -> None:
    """Prints each picked sentence, its number, and its Arabic, cut out of the text by offsets."""
    text = Path(file).read_text(encoding="utf-8")
    with Client(server) as client:
        result = client.summarize(text, SummaryOptions(budget=SentenceCount(3)))
    if result.summary is None:
        raise AssertionError("a summary was asked for. This is a bug")
    for pick in result.summary.sentences:
        print(pick.text)
        print(f"  sentence {pick.index + 1}: {text[pick.start_offset : pick.end_offset]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
