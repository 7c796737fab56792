"""How training text is spelled: Arabic as the server will send it, English plain.

The server respells what it reads before the model sees it, so a model must be trained on the same
spelling. The tables here say what `mujaz_server.text.normalize` says, for whole lines of training
text; a test holds the two against each other.
"""

import re
import unicodedata
from typing import Final

from mujaz_server.text.decimals import pointed

_MARKS: Final = (
    "\u0610-\u061a\u0640\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06ed"
)
_CONTROLS: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb"
)
_DROPPED: Final = re.compile(f"[{_MARKS}{_CONTROLS}\u0600-\u0605\u06dd\u0890\u0891\u08ca-\u08ff]")
_QUOTES: Final = {**dict.fromkeys("«»“”„‟〝〞〟﴾﴿", '"'), **dict.fromkeys("‘’‚‛‹›", "'")}
_DASHES: Final = dict.fromkeys("‐‑‒–—―−", "-")
_ARABIC: Final = str.maketrans(
    {
        **_QUOTES,
        **_DASHES,
        **dict(zip("٪٫٬٭۔⁄", "%.,*./", strict=True)),
        **dict(zip("ٱیېےکگہھەۀپچژڤ", "ايييككههههبجزف", strict=True)),
        **dict(zip("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789", strict=True)),
    }
)
_ENGLISH: Final = str.maketrans({**_QUOTES, **_DASHES, "…": "..."})
_HAMZA: Final = re.compile("[أإآٱ]")
_ALIKE: Final = str.maketrans("أإآٱىةؤئ", "اااايهوي")
_WORD: Final = re.compile(r"[^\W_]+")
_ARABIC_LETTER: Final = re.compile("[\u0620-\u063f\u0641-\u064a]")


def arabic(text: str) -> str:
    """Spell a line of Arabic: NFKC, no diacritics, ASCII digits, plain quotes, pointed decimals."""
    kept = _DROPPED.sub("", text)
    return pointed(" ".join(unicodedata.normalize("NFKC", kept).translate(_ARABIC).split()))


def english(text: str) -> str:
    """Spell a line of English: NFKC, straight quotes, plain dashes, one space between words."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_ENGLISH).split())


def bare(text: str) -> str:
    """Write every alif without hamza or madda, as much of newswire does."""
    return _HAMZA.sub("ا", text)


def has_arabic(text: str) -> bool:
    """Whether any Arabic letter is in the text."""
    return _ARABIC_LETTER.search(text) is not None


def fold(text: str) -> tuple[str, ...]:
    """Return the words of a line without what two copies of it may differ in.

    Case, punctuation, diacritics, hamza, the dots of a final ya and ta marbuta are left out.
    """
    plain = arabic(text).translate(_ALIKE).lower()
    return tuple(_WORD.findall(plain))
