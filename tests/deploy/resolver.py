"""A name server of one process: every name has the addresses it is told. For tests only."""

import socket
import struct
import threading
from typing import Self

_A = 1
_HEADER = struct.Struct("!6H")
_ANSWER = struct.Struct("!HHHIH4s")
_FLAGS = 0x8580  # an answer, with authority, no error (RFC 1035, 4.1.1)
_NAME_OF_THE_QUESTION = 0xC000 | _HEADER.size
_TTL_S = 1
_ONE_OF_EACH = 1


class Resolver:
    """Answers by UDP (RFC 1035) on a free port of this machine until the block ends.

    Attributes:
        addresses: What each name resolves to, from the next question on.
        port: Where it answers.
    """

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, asker = self._socket.recvfrom(512)
            if not query:
                return
            self._socket.sendto(_reply(query, self.addresses), asker)


def _reply(query: bytes, addresses: list[str]) -> bytes:
    end = query.index(b"\0", _HEADER.size) + 5
    kind = struct.unpack("!H", query[end - 4 : end - 2])[0]
    found = addresses if kind == _A else []
    [number] = struct.unpack("!H", query[:2])
    head = _HEADER.pack(number, _FLAGS, 1, len(found), 0, 0)
    answers = (
        _ANSWER.pack(_NAME_OF_THE_QUESTION, _A, _ONE_OF_EACH, _TTL_S, 4, socket.inet_aton(each))
        for each in found
    )
    return head + query[_HEADER.size : end] + b"".join(answers)
