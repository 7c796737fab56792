"""What the fair queue costs a sentence: microseconds of push and next_batch a job.

Run: python bench/queue_cost.py
"""

from __future__ import annotations

import random
import time
from typing import Any

from mujaz_server.batching import FairQueue, Job

JOBS = 100_000
LINES = (1, 100, 1_000)


def main() -> None:
    """Prints one row for each number of lines that share the same jobs."""
    print(f"{JOBS:,} jobs of 5 to 60 tokens; batches of 32 rows, 2,048 padded tokens")
    print(f"{'lines':>6} {'push µs/job':>12} {'next_batch µs/job':>18} {'µs/batch':>9} {'fill':>6}")
    for lines in LINES:
        push_s, take_s, batches, fill = measure(lines)
        print(
            f"{lines:>6,} {push_s / JOBS * 1e6:>12.2f} {take_s / JOBS * 1e6:>18.2f}"
            f" {take_s / batches * 1e6:>9.0f} {fill:>6.1%}"
        )


def measure(lines: int) -> tuple[float, float, int, float]:
    """Queues all jobs, then takes all: seconds of each, batches, true share of tokens."""
    rng = random.Random(1)
    queue: FairQueue[None, None] = FairQueue(batch_tokens=2048, batch_rows=32, quantum=256)
    documents = [
        [Job(None, rng.randint(5, 60), "greedy", ignore) for _ in range(JOBS // lines)]
        for _ in range(lines)
    ]
    began = time.perf_counter()
    for document in documents:
        queue.push(queue.open(None, JOBS), document, 0.0)
    pushed = time.perf_counter()
    batches = []
    while batch := queue.next_batch(0.0):
        batches.append(batch)
    taken = time.perf_counter()
    true = sum(batch.tokens for batch in batches)
    padded = sum(batch.padded_tokens for batch in batches)
    return pushed - began, taken - pushed, len(batches), true / padded


def ignore(job: Job[Any, Any], outcome: object) -> None:
    """Takes an answer that never comes."""


if __name__ == "__main__":
    main()
