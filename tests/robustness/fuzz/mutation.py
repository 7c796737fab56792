"""A small mutator, for where there is no guided one, and for the short form."""

import random
from collections.abc import Sequence

_MOST_STEPS = 4


def mutated(
    inputs: Sequence[bytes], words: Sequence[bytes], longest: int, chance: random.Random
) -> bytes:
    """One of the inputs, changed in a few places: pieces dropped, doubled, flipped, put in."""
    data = bytearray(chance.choice(inputs))
    for _ in range(chance.randint(1, _MOST_STEPS)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.randint(0, 8))
        match chance.randrange(6):
            case 0:
                del data[start:end]
            case 1:
                data[start:start] = data[start:end] * chance.choice((1, 2, 40))
            case 2:
                data[start:end] = chance.randbytes(end - start)
            case 3 if words:
                data[start:start] = chance.choice(words)
            case 4:
                data[start:end] = chance.choice(inputs)[start : start + chance.randint(0, 64)]
            case _ if start < len(data):
                data[start] ^= 1 << chance.randrange(8)
    return bytes(data[:longest])
