"""Callers: each has a connection of its own, which stays open."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from traffic import channel_to

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc


class Caller(Protocol):
    """One connection to one service."""

    async def connect(self) -> None:
        """Opens the connection."""
        ...

    async def translate(self, sentences: Sequence[str]) -> list[str]:
        """Has sentences translated by one call."""
        ...

    async def close(self) -> None:
        """Closes the connection."""
        ...


class HttpCaller:
    """Calls LibreTranslate's API: the sentences are the lines of one text."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect(self) -> None:
        """Opens the connection.

        Raises:
            OSError: nobody listens.
        """
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def translate(self, sentences: Sequence[str]) -> list[str]:
        """Has sentences translated by one call.

        Raises:
            RuntimeError: the answer is not 200.
        """
        asked = {"q": "\n".join(sentences), "source": "ar", "target": "en", "format": "text"}
        body = json.dumps(asked).encode()
        self._writer.write(
            b"POST /translate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        answer = await self._reader.readexactly(length)
        if head.split()[1] != "200":
            raise RuntimeError(f"{head.splitlines()[0]}: {answer[:200]!r}")
        lines: list[str] = json.loads(answer)["translatedText"].split("\n")
        return lines

    async def close(self) -> None:
        """Closes the connection."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class TextsCaller:
    """Calls TranslateText."""

    def __init__(self, port: int) -> None:
        self._channel = channel_to(f"127.0.0.1:{port}")
        self._stub: Any = mujaz_pb2_grpc.MujazServiceStub(self._channel)

    async def connect(self) -> None:
        """Opens the connection."""
        await self._channel.channel_ready()

    async def translate(self, sentences: Sequence[str]) -> list[str]:
        """Has sentences translated by one call, a text each.

        Raises:
            grpc.aio.AioRpcError: the call failed.
        """
        request = pb.TranslateTextRequest(texts=sentences)
        answer = await self._stub.TranslateText(request)
        return [each.text for each in answer.translations]

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()


class MujazCaller(TextsCaller):
    """Calls TranslateText for one sentence, and for several TranslateDocument, a line each."""

    async def translate(self, sentences: Sequence[str]) -> list[str]:
        """Has sentences translated by one call.

        Raises:
            grpc.aio.AioRpcError: the call failed.
        """
        if len(sentences) == 1:
            return await super().translate(sentences)
        request = pb.TranslateDocumentRequest(text="\n".join(sentences))
        return [
            event.sentence.text
            async for event in self._stub.TranslateDocument(request)
            if event.HasField("sentence")
        ]
