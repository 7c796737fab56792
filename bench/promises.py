"""Three promises, shown with their counters on a real server: cancelling, draining, bad bytes.

1. A cancelled document of 1,000 sentences leaves the queue, and no row of it starts later.
2. SIGTERM with eight streams open loses none of them, and the server exits with 0.
3. 1,000 malformed calls get INVALID_ARGUMENT, UNIMPLEMENTED or RESOURCE_EXHAUSTED, and a good call
   after each hundred works.

Returns 1 where one is not kept.
"""

import asyncio
import random
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from signature import signature  # noqa: E402

from malformed import ALLOWED, CANARY, malformed_call  # noqa: E402
from processes import ServerProcess, running  # noqa: E402
from scripted import until  # noqa: E402

SENTENCES = 1_000
GOOD_CALLS = 10
ARTICLE = TESTS.parent / "examples" / "article.ar.txt"


def counters(server: ServerProcess) -> dict[str, float]:
    """What the server has counted."""
    with urllib.request.urlopen(server.metrics) as answer:  # noqa: S310  our own server
        samples = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines())
    return {
        "waiting": float(samples["mujaz_queue_sentences"]),
        "rows": float(samples["mujaz_batch_rows_sum"]),
        "dropped": float(samples.get('mujaz_dropped_total{reason="cancelled"}', 0)),
    }


async def cancelled() -> bool:
    """Cancels a long document in mid-stream."""
    line = next(text for text in ARTICLE.read_text(encoding="utf-8").splitlines() if len(text) > 80)
    text = "\n".join(f"{number} {line}" for number in range(SENTENCES))
    with running("--cache-bytes", "0") as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
            call = stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text))
            while not (await call.read()).HasField("sentence"):
                pass
            call.cancel()
            asked = time.perf_counter()
            await until(lambda: not counters(server)["waiting"])
            seconds = time.perf_counter() - asked
            dropped = counters(server)["dropped"]
            for _ in range(GOOD_CALLS):
                await stub.TranslateText(CANARY)
            taken = SENTENCES - dropped
            await until(lambda: counters(server)["rows"] >= taken + GOOD_CALLS)
            rows = counters(server)["rows"] - GOOD_CALLS
    print(f"cancelled {SENTENCES} sentences: out of the queue in {seconds * 1000:.0f} ms")
    print(f"  {dropped:.0f} dropped unstarted, {taken:.0f} were in a batch by then")
    print(f"  {GOOD_CALLS} calls later the engine has run {rows:.0f} of its rows")
    return seconds < 0.1 and rows == taken


async def drained() -> bool:
    """Sends SIGTERM under eight streams."""
    request = pb.SummarizeDocumentRequest(text=ARTICLE.read_text(encoding="utf-8"))
    with running() as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
            calls = [stub.SummarizeDocument(request) for _ in range(8)]
            for call in calls:
                await call.read()
            server.process.terminate()
            events = [[event async for event in _rest(call)] for call in calls]
        status = await asyncio.to_thread(server.wait)
    whole = sum(each[-1].HasField("report") for each in events)
    print(f"SIGTERM under 8 streams: {whole} complete, exit {status}")
    return whole == len(calls) and status == 0


async def _rest(call: Any) -> Any:  # noqa: ANN401  a call of gRPC and its events
    while event := await call.read():
        yield event


async def malformed() -> bool:
    """Sends a thousand calls that no server should take."""
    chance, codes, answered = random.Random(20), Counter[str](), 0
    with running() as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
            for _ in range(10):
                for _ in range(100):
                    codes[await malformed_call(channel, chance)] += 1
                answered += bool((await stub.TranslateText(CANARY)).translations)
    print(f"1,000 malformed calls: {dict(codes)}; {answered} of 10 good calls between them worked")
    return set(codes) <= ALLOWED and answered == 10


def main() -> int:
    """Prints what was counted."""
    kept = [asyncio.run(promise()) for promise in (cancelled, drained, malformed)]
    print(f"kept: {sum(kept)} of {len(kept)}\n{signature()}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
