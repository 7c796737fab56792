"""A reader that takes sentences in order always gets the next, however narrow its window."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz_server.batching import FairQueue, Job, Line


@dataclass
class Sentence:
    pieces: int
    doubtful: bool
    missing: int = field(init=False)

    def __post_init__(self) -> None:
        self.missing = self.pieces


@dataclass
class Reader:
    """Follows the rules of `FairQueue.consumed`, or breaks the one on pieces."""

    queue: FairQueue[Any, Any]
    line: Line[Any, Any]
    sentences: list[Sentence]
    rng: random.Random
    keeps_pieces: bool = False
    delivered: int = 0

    def jobs(self, sentence: Sentence, options: str) -> list[Job[Any, Any]]:
        sizes = [self.rng.randint(1, 40) for _ in range(sentence.pieces)]
        return [Job(sentence, size, options, lambda *_: None) for size in sizes]

    def push_all(self) -> None:
        for sentence in self.sentences:
            self.queue.push(self.line, self.jobs(sentence, "greedy"), 0.0)

    def receive(self, job: Job[Any, Any]) -> None:
        sentence: Sentence = job.payload
        sentence.missing -= 1
        if sentence.missing:
            if not job.second_try and not self.keeps_pieces:
                self.queue.consumed(self.line)
        elif sentence.doubtful:
            sentence.doubtful, sentence.missing = False, sentence.pieces
            self.queue.push(self.line, self.jobs(sentence, "strict"), 0.0, front=True)
        self.read()

    def read(self) -> None:
        while self.delivered < len(self.sentences):
            sentence = self.sentences[self.delivered]
            if sentence.missing:
                return
            self.queue.consumed(self.line, sentence.pieces if self.keeps_pieces else 1)
            self.delivered += 1

    def run(self, threads: int) -> None:
        """Batches run side by side and return in any order."""
        self.push_all()
        running: list[Job[Any, Any]] = []
        while True:
            for _ in range(threads):
                batch = self.queue.next_batch(0.0)
                running += batch.jobs if batch else ()
            if not running:
                return
            self.receive(running.pop(self.rng.randrange(len(running))))


documents = st.lists(st.builds(Sentence, st.integers(1, 6), st.booleans()), min_size=1, max_size=20)


@settings(max_examples=200)
@given(
    sentences=documents,
    window=st.integers(1, 8),
    look_ahead=st.integers(0, 8),
    threads=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_every_sentence_is_delivered(
    sentences: list[Sentence], window: int, look_ahead: int, threads: int, seed: int
) -> None:
    queue: FairQueue[Any, Any] = FairQueue(
        batch_tokens=80, batch_rows=4, quantum=20, look_ahead=look_ahead
    )
    reader = Reader(queue, queue.open(None, window), sentences, random.Random(seed))
    reader.run(threads)
    assert reader.delivered == len(sentences)
    assert (len(queue), reader.line.unread) == (0, 0)


def test_a_reader_that_keeps_the_pieces_of_a_long_sentence_waits_for_itself() -> None:
    queue: FairQueue[Any, Any] = FairQueue(batch_tokens=80, batch_rows=4, quantum=20)
    sentences = [Sentence(5, doubtful=False), Sentence(1, doubtful=False)]
    reader = Reader(queue, queue.open(None, 4), sentences, random.Random(1), keeps_pieces=True)
    reader.run(1)
    assert reader.delivered == 0
