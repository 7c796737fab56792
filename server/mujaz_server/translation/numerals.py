"""Reading the numbers of a text, put together from words and digits.

One grammar reads both languages, because a sentence may hold both, and a wrong reading does no harm
where it is the same on both sides. `3 ملايين و500 الف`, `3.5 million` and `3,500,000` are one
value. The reading takes time linear in the text's length.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from mujaz_server.translation.number_tokens import NumberToken, number_tokens
from mujaz_server.translation.number_words import FRACTIONS

_TEN = Decimal(10)
_TWENTY = Decimal(20)
_HUNDRED = Decimal(100)
_THOUSAND = Decimal(1000)


@dataclass(slots=True, eq=False)
class Numeral:
    """One number of a text.

    Attributes:
        values: all it may mean, the likeliest first.
        written: it, in ASCII digits without thousands separators.
        digits: it is written in digits, at least in part.
        vague: nothing on the other side must answer for it.
        parts: what it was put together from (three millions and 500 thousands, hour and minute),
            for a text that says them apart; empty where it is one.
    """

    values: tuple[Decimal, ...]
    written: str
    digits: bool
    vague: bool
    parts: "list[Numeral]" = field(default_factory=list)


def numerals(text: str) -> list[Numeral]:
    """Read the numbers of a text, in order."""
    builders: list[_Builder] = []
    for token in number_tokens(text):
        last = builders[-1] if builders and token.link else None
        if last and last.extend(token):
            continue
        if last and token.scale and (split := last.split()) and split.extend(token):
            builders.append(split)
            continue
        builders.append(_Builder(token, last))
    return [builder.build() for builder in builders]


class _Builder:
    """Makes one number of several tokens.

    `terms` are what scales have closed, `floor` is the last of these scales, `group` what the next
    scale would multiply. Each holds every reading.
    """

    def __init__(self, token: NumberToken, previous: "_Builder | None") -> None:
        self.previous = previous
        self.tokens = [token]
        self.terms: list[tuple[Decimal, ...]] = []
        self.floor = Decimal(0)
        self.group = token.values
        self.group_tokens = [token]
        if token.scale and token.values[0] >= _THOUSAND:
            self.group = tuple(value / token.values[0] for value in token.values)
            self._close(token.values[0])

    def build(self) -> Numeral:
        """Return the number as it stands."""
        digits = any(token.digits for token in self.tokens)
        vague = all(token.vague for token in self.tokens)
        terms = [*self.terms, self.group] if self.group else self.terms
        values = tuple(sum(reading, Decimal(0)) for reading in product(*terms))
        numeral = Numeral(values, _plain(values[0]), digits, vague)
        if len(terms) > 1:
            numeral.parts = [Numeral(term, _plain(term[0]), digits, vague) for term in terms]
        elif ":" in self.tokens[0].word:
            numeral.written = self.tokens[0].word
            numeral.parts = [_whole(part) for part in numeral.written.split(":")]
        return numeral

    def extend(self, token: NumberToken) -> bool:
        """Take a token into the number; False where it begins another."""
        if token.link not in (" ", "+"):
            return False
        multiplies = token.scale and token.link == " "
        taken = self._multiply(token.values[0]) if multiplies else self._add(token)
        if taken:
            self.tokens.append(token)
        return taken

    def split(self) -> "_Builder | None":
        """Give the open group back as a number of its own: a million *and two million*."""
        if not self.terms or not self.group:
            return None
        split = _Builder(self.group_tokens[0], None)
        split.group = self.group
        self.tokens = [token for token in self.tokens if token not in self.group_tokens]
        self.group = ()
        return split

    def _multiply(self, scale: Decimal) -> bool:
        if not self.group:
            return self._multiply_terms(scale)
        if scale < _THOUSAND:
            if self.group[0] >= _HUNDRED:
                return False
            self.group = tuple(value * scale for value in self.group)
            return True
        if self.floor and scale >= self.floor:
            return False
        self._scale_range(scale)
        self._close(scale)
        return True

    def _multiply_terms(self, scale: Decimal) -> bool:
        """`مليون ونصف المليون` names its scale twice; `الف مليون` is a milliard."""
        if scale < self.floor:
            return False
        if scale > self.floor:
            self.terms = [tuple(value * scale for value in term) for term in self.terms]
            self.floor = scale
        return True

    def _close(self, scale: Decimal) -> None:
        self.terms.append(tuple(value * scale for value in self.group))
        self.floor = scale
        self.group = ()

    def _scale_range(self, scale: Decimal) -> None:
        """In `3 to 5 million` the first number may be millions as well."""
        if not self.floor and self.previous and not self.previous.floor:
            self.previous.group += tuple(value * scale for value in self.previous.group)

    def _add(self, token: NumberToken) -> bool:
        if token.word in FRACTIONS:
            return self._add_fraction(token)
        if token.vague and not token.scale:
            return False
        if not self.group:
            return self._open_group(token)
        closed = any(part.digits or (part.vague and not part.scale) for part in self.group_tokens)
        if closed or token.digits or not _continues(self.group[0], token):
            return False
        self.group = tuple(value + token.values[0] for value in self.group)
        self.group_tokens.append(token)
        return True

    def _open_group(self, token: NumberToken) -> bool:
        """After a scale: `الفين وخمسة`, `two thousand five hundred`, not `five billion first`."""
        value = token.values[0]
        if value >= self.floor or (token.link == " " and value < _TEN and not token.digits):
            return False
        self.group, self.group_tokens = token.values, [token]
        return True

    def _add_fraction(self, token: NumberToken) -> bool:
        """`ثلاثة أمتار ونصف` may be told as three metres or as 3.5."""
        if token.link != "+" or self.tokens[-1].word in FRACTIONS:
            return False
        fraction = token.values[0]
        if self.group:
            self.group = (*(value + fraction for value in self.group), *self.group)
        else:
            self.terms[-1] = tuple(value + fraction * self.floor for value in self.terms[-1])
        return True


def _continues(group: Decimal, token: NumberToken) -> bool:
    """Whether a number word goes on with the numeral that the words before it make."""
    value = token.values[0]
    if group and group % _HUNDRED == 0 and value < _HUNDRED:
        return True
    last = group % _HUNDRED
    if token.link == "+":  # خمسة وعشرون
        return 0 < last < _TEN and _is_tens(value)
    if token.word.isascii():  # twenty-five
        return _is_tens(last) and 0 < value < _TEN
    return 0 < last < _TEN and value == _TEN  # خمسة عشر


def _is_tens(value: Decimal) -> bool:
    return _TWENTY <= value < _HUNDRED and value % _TEN == 0


def _whole(digits: str) -> Numeral:
    value = Decimal(digits)
    return Numeral((value,), _plain(value), digits=True, vague=not value)


def _plain(value: Decimal) -> str:
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
