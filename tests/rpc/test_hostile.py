"""Bytes and texts that nobody should send, and everybody will."""

import random
from collections import Counter

import grpc.aio
import pytest

from malformed import ALLOWED, CANARY, malformed_call
from mujaz.v1 import mujaz_pb2 as pb
from nasty import TEXTS as NASTY
from scripted import serving
from statuses import unpacked


async def test_a_thousand_malformed_calls_harm_nobody() -> None:
    chance = random.Random(20)
    codes: Counter[str] = Counter()
    async with serving() as served:
        for round_ in range(10):
            for _ in range(100):
                codes[await malformed_call(served.channel, chance)] += 1
            answer = await served.stub.TranslateText(CANARY)
            assert answer.translations, round_
    assert codes.total() == 1_000
    assert set(codes) <= ALLOWED
    assert codes["INVALID_ARGUMENT"] > 500


@pytest.mark.parametrize("name", NASTY)
async def test_a_nasty_text_is_answered_or_refused(name: str) -> None:
    text = NASTY[name]
    if any("\ud800" <= character <= "\udfff" for character in text):
        pytest.skip("protobuf cannot carry a lone surrogate")
    async with serving() as served:
        call = served.stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text), timeout=30)
        stream: list[pb.SummarizeDocumentResponse] = []
        codes: list[str] = []
        try:
            stream += [event async for event in call]
        except grpc.aio.AioRpcError as error:
            codes.append(unpacked(error).code)
        for event in stream:
            if event.WhichOneof("event") == "sentence":
                each = event.sentence
                assert text[each.start_offset : each.end_offset] == each.source_text
        assert set(codes) <= ALLOWED
        assert bool(codes) != bool(stream)
        assert codes or stream[-1].HasField("report")
        assert await served.stub.TranslateText(CANARY)
