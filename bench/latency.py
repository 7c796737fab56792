"""Short calls beside long streams: what a one-sentence call waits when the server is busy.

Starts a real server with the embedded model, measures one-sentence TranslateText calls while it
is idle, then while 32 SummarizeDocument streams of 20-sentence articles run, and compares the
busy p95 with three times the idle p50 plus the time of one batch. Prints a table; `--json FILE`
also writes the figures with their signature.
"""

import argparse
import asyncio
import itertools
import json
import re
import statistics
import sys
import time
import urllib.request
from pathlib import Path

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from signature import signature

from processes import running

ARTICLE = Path(__file__).parents[1] / "examples" / "article.ar.txt"
STREAMS = 32
SENTENCES = 20
SHORT = "وقال الوزير ان المحادثات ستستأنف الاسبوع المقبل."


def documents(count: int) -> list[str]:
    """Articles of exactly so many sentences, each of another order, made of the demo's article."""
    lines = [
        part.strip()
        for line in ARTICLE.read_text(encoding="utf-8").splitlines()
        for part in re.split(r"(?<=\.)\s", line)
        if len(part.strip()) > 20
    ]
    around = itertools.cycle(lines)
    return ["\n\n".join(itertools.islice(around, SENTENCES)) for _ in range(count)]


async def short_call(stub: "mujaz_pb2_grpc.MujazServiceAsyncStub") -> float:
    """Seconds of one call of one sentence."""
    started = time.perf_counter()
    await stub.TranslateText(pb.TranslateTextRequest(texts=[SHORT]))
    return time.perf_counter() - started


async def stream(stub: "mujaz_pb2_grpc.MujazServiceAsyncStub", text: str) -> tuple[float, int]:
    """Seconds until the first sentence, and how many came; a stream without a report fails."""
    started = time.perf_counter()
    first, count, complete = 0.0, 0, False
    async for event in stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text)):
        kind = event.WhichOneof("event")
        if kind == "sentence":
            first = first or time.perf_counter() - started
            count += 1
        complete = kind == "report"
    if not complete:
        raise SystemExit("a stream ended without its report")
    return first, count


async def measured(address: str) -> dict[str, float]:
    """The figures of one server, in seconds."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = mujaz_pb2_grpc.MujazServiceStub(channel)
        idle = [await short_call(stub) for _ in range(40)]
        started = time.perf_counter()
        streams = [asyncio.create_task(stream(stub, text)) for text in documents(STREAMS)]
        busy = []
        await asyncio.sleep(0.2)
        while not all(each.done() for each in streams):
            busy.append(await short_call(stub))
            await asyncio.sleep(0.05)
        answers = await asyncio.gather(*streams)
        seconds = time.perf_counter() - started
    counts = [count for _, count in answers]
    return {
        "streams_complete": float(sum(count >= SENTENCES for count in counts)),
        "sentences": float(sum(counts)),
        "seconds": seconds,
        "idle_p50": statistics.median(idle),
        "busy_calls": float(len(busy)),
        "busy_p50": statistics.median(busy),
        "busy_p95": statistics.quantiles(busy, n=20)[-1],
        "first_sentence_p50": statistics.median(first for first, _ in answers),
    }


def batch_seconds(url: str) -> float:
    """The mean time of a batch, as the server counted it."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310  our own server
        text = answer.read().decode()
    total = float(re.search(r"^mujaz_batch_seconds_sum (\S+)", text, re.MULTILINE)[1])  # type: ignore[index]
    count = float(re.search(r"^mujaz_batch_seconds_count (\S+)", text, re.MULTILINE)[1])  # type: ignore[index]
    return total / count


def main() -> int:
    """Prints the table; returns 1 where the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with running("--cache-bytes", "0") as server:
        figures = asyncio.run(measured(server.address))
        figures["batch_mean"] = batch_seconds(server.metrics)
    figures["bound"] = 3 * figures["idle_p50"] + figures["batch_mean"]
    print(f"{STREAMS} streams of {SENTENCES} sentences beside one-sentence calls")
    for name, value in figures.items():
        print(f"  {name:<20} {value:8.3f}")
    kept = figures["busy_p95"] <= figures["bound"] and figures["streams_complete"] == STREAMS
    print(f"  busy p95 <= 3 x idle p50 + one batch: {'yes' if kept else 'NO'}")
    print(f"  {signature()}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures | {"signature": signature()}, indent=1))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
