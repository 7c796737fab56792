"""Arabic numbers in digits: reading them, and drawing others that agree alike."""

import re
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

_TRIES: Final = 1000
_MOST_DIGITS: Final = 12
_MOST_DECIMALS: Final = 3
_GROUP: Final = 3


@dataclass(frozen=True, slots=True)
class Digits:
    """A number in digits, ASCII or Arabic-Indic; `separator` is that of its thousands."""

    value: Decimal
    zero: str
    separator: str
    point: str
    decimals: int

    def write(self, value: Decimal) -> str:
        """Write another value the same way."""
        text = f"{value:{',' if self.separator else ''}.{self.decimals}f}"
        signs = {ord(","): self.separator, ord("."): self.point}
        digits = {ord("0") + n: chr(ord(self.zero) + n) for n in range(10)}
        return text.translate(signs | digits)


def read(text: str) -> Digits | None:
    """Read a number; None where it is no number, or one that may be read in two ways."""
    zero = chr(ord(text[0]) - int(text[0]))
    whole, *groups = re.split(r"[.,٬٫]", text)
    signs = re.sub(r"\d", "", text)
    mixed = any(chr(ord(digit) - int(digit)) != zero for digit in text if digit.isdecimal())
    padded = len(whole) > 1 and int(whole[0]) == 0
    if mixed or padded or len(set(signs)) > 1 or len(text) > _MOST_DIGITS:
        return None
    in_groups = len(whole) <= _GROUP and {len(group) for group in groups} <= {_GROUP}
    if not groups or (in_groups and signs != "٫"):
        return Digits(Decimal(int(whole + "".join(groups))), zero, signs[:1], "", 0)
    if len(groups) > 1 or signs == "٬" or len(groups[0]) > _MOST_DECIMALS:
        return None
    value = int(whole) + Decimal(int(groups[0])) / 10 ** len(groups[0])
    return Digits(value, zero, "", signs, len(groups[0]))


def agreement(value: int) -> str:
    """Return the class of whole numbers after which a noun has the same form."""
    rest = value % 100
    if rest <= 2:  # noqa: PLR2004 (hundreds, and singular and dual)
        return f"like {rest}"
    return "few" if rest <= 10 else "many"  # noqa: PLR2004


def draw(value: Decimal, decimals: int, rng: Random) -> Decimal:
    """Return another number of as many digits and round zeros that agrees alike; else the same."""
    whole = _draw_whole(int(value), rng)
    if not decimals:
        return Decimal(whole)
    unit = int(10**decimals)
    fraction = rng.choice([n for n in range(1, unit) if n % 10 and n != value % 1 * unit])
    return Decimal(whole * unit + fraction) / unit


def _draw_whole(value: int, rng: Random) -> int:
    if value % 100 in {1, 2} or value < 3:  # noqa: PLR2004
        return value
    if value <= 10:  # noqa: PLR2004
        return rng.choice([n for n in range(3, 11) if n != value])
    zeros = len(str(value)) - len(str(value).rstrip("0"))
    size = len(str(value)) - zeros
    for _ in range(_TRIES):
        head = rng.randrange(int(10 ** (size - 1)), int(10**size))
        new = head * int(10**zeros)
        if head % 10 and new != value and agreement(new) == agreement(value):
            return new
    return value
