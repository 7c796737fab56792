import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nasty
from mujaz_server.text.decimals import pointed
from mujaz_server.text.normalize import Normalized, has_arabic, normalize

MARKS = "".join(
    map(chr, [*range(0x64B, 0x653), *range(0x656, 0x660), 0x670, *range(0x610, 0x61B), 0x640])
)
QURANIC = "".join(
    chr(code)
    for code in [*range(0x6D6, 0x6E5), 0x6E7, 0x6E8, *range(0x6EA, 0x6EE), *range(0x8CA, 0x900)]
)
INVISIBLE = "".join(
    chr(code)
    for code in [
        *range(0x20),
        *range(0x7F, 0xA0),
        *(0xAD, 0x61C, 0x180E, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *(0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x890, 0x891),
    ]
    if not chr(code).isspace()
)
ON_TATWEEL = "ﹱﹷﹹﹻﹽﹿ"
COMPOSING = "\u0653\u0654\u0655"
PLAIN = {
    '"': "«»“”„‟〝〞〟﴾﴿",
    "'": "‘’‚‛‹›",
    "-": "‐‑‒–—―−",
    "%": "٪",
    ".": "٫۔",
    ",": "٬",
    "*": "٭",
    "/": "⁄",
    "ا": "ٱ",
    "ي": "یېے",
    "ك": "کگ",
    "ه": "ہھەۀ",
    "ب": "پ",
    "ج": "چ",
    "ز": "ژ",
    "ف": "ڤ",
    **{str(value): chr(0x660 + value) + chr(0x6F0 + value) for value in range(10)},
}

ARABIC_TEXT = st.text(
    st.sampled_from(
        "ابكهوي اأإآىئؤةلـ،؛؟. \n\tabc=<e\u0301\u0338" + MARKS + COMPOSING + "٠١٩۰۹٪٫٬«»“”…—"
        "ﻻﻷﷺﷲﹱﱞ\u200f\u202e\ufeff\x00¨½²ｶﾞ가\u1100\u1161\u11a8\ud800ۀیک"
    )
)


def reference(text: str) -> str:
    """What `normalize` does, in the plainest way and without a map."""
    dropped = str.maketrans(dict.fromkeys(MARKS + QURANIC + INVISIBLE + ON_TATWEEL, ""))
    loose = str.maketrans(dict.fromkeys(COMPOSING, ""))
    plain = str.maketrans({form: to for to, forms in PLAIN.items() for form in forms})
    text = unicodedata.normalize("NFKC", text.translate(dropped)).translate(plain)
    text = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
    text = unicodedata.normalize("NFKC", text.translate(dropped).translate(loose))
    return pointed(" ".join(text.split()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("السلام عليكم، كيف؟", "السلام عليكم، كيف؟", id="what is plain already"),
        pytest.param("ذَهَبَ الْوَلَدُ", "ذهب الولد", id="diacritics"),
        pytest.param("هٰذا", "هذا", id="superscript alif"),
        pytest.param("الســلام", "السلام", id="tatweel"),
        pytest.param("ﺍﻟﺴﻼﻡ", "السلام", id="presentation forms"),
        pytest.param("ﷲ", "الله", id="a ligature"),
        pytest.param("«نعم» “لا” ﴿آية﴾", '"نعم" "لا" "آية"', id="quotes"),
        pytest.param("علي’s", "علي's", id="an apostrophe"),
        pytest.param("لا – نعم—كلا", "لا - نعم-كلا", id="dashes"),
        pytest.param("٣٫٥٪ من ١٬٢٠٠ و۴۵", "3.5% من 1,200 و45", id="both kinds of digits"),
        pytest.param("نعم…", "نعم...", id="an ellipsis"),
        pytest.param("\ufeffنص\u200f \u202eنص\u202c", "نص نص", id="byte order mark and bidi"),
        pytest.param("كت\u200cاب", "كتاب", id="zero width"),
        pytest.param("ن\x00ص", "نص", id="NUL"),
        pytest.param("  نص \u00a0\n\t نص  ", "نص نص", id="white space"),
        pytest.param("ا\u0654ب\u0653", "أب", id="a hamza is composed, a loose madda dropped"),
        pytest.param("ا\u064e\u0654ب", "أب", id="a hamza behind a diacritic is composed"),
        pytest.param("یک گل", "يك كل", id="persian letters"),
        pytest.param("ٱلحمد ڤيينا", "الحمد فيينا", id="letters the model has not"),
        pytest.param("ＡＢ １٢", "AB 12", id="full width"),
        pytest.param("نص\ud800", "نص\ufffd", id="a lone surrogate"),
        pytest.param("", "", id="nothing"),
        pytest.param(" \u064e ", "", id="nothing that stays"),
    ],
)
def test_is_spelled_as_the_model_expects(text: str, expected: str) -> None:
    assert normalize(text).text == expected


def test_offsets_lead_back_to_the_source() -> None:
    assert normalize(" ذَهَ  ﻻ ") == Normalized("ذه لا", (1, 3, 5, 7, 7, 9))


@pytest.mark.parametrize(
    ("start", "end", "source"),
    [
        pytest.param(0, 2, "ذَهَ", id="a word with the marks that belong to it"),
        pytest.param(3, 4, "ﻻ", id="half a ligature is the whole ligature"),
        pytest.param(3, 5, "ﻻ", id="a ligature"),
        pytest.param(1, 1, "", id="nothing"),
    ],
)
def test_a_span_leads_back_to_its_source(start: int, end: int, source: str) -> None:
    text = "ذَهَ ﻻ"
    first, last = normalize(text).source_span(start, end)
    assert text[first:last] == source


def test_a_run_of_marks_is_bounded() -> None:
    assert normalize("q" + "\u0301" * 1000).text == "q" + "\u0301" * 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("نص", True),
        ("ﻼ", True),
        ("a ض", True),
        ("", False),
        ("abc 12 ٣", False),
        ("،؟ـ\u064e", False),
    ],
)
def test_arabic_letters_are_seen(text: str, expected: bool) -> None:  # noqa: FBT001  a table
    assert has_arabic(text) is expected


def holds(text: str) -> None:
    found = normalize(text)
    assert found.text == reference(text)
    assert normalize(found.text).text == found.text
    assert not set(found.text) & set(MARKS + QURANIC + INVISIBLE + COMPOSING)
    found.text.encode("utf-8")
    offsets = list(found.offsets)
    assert len(offsets) == len(found.text) + 1
    assert offsets[-1] == len(text)
    assert all(before <= after for before, after in pairwise(offsets))
    assert not offsets[:-1] or (offsets[0] >= 0 and offsets[-2] < len(text))


@given(ARABIC_TEXT | st.text())
@example("ا\ufe71\u0654")
@example("=\u200b\u0338")
@example("k\ufe7b\u0301")
@example("k\u0654\u0301")
def test_normalizing_is_the_plain_thing_with_a_map(text: str) -> None:
    holds(text)


SHELF = nasty.TEXTS | nasty.SURROGATES
UNBOUNDED = {"latin marks out of canonical order"}  # the reference takes minutes


@pytest.mark.parametrize("name", sorted(SHELF.keys() - UNBOUNDED))
def test_nasty_texts_are_normalized(name: str) -> None:
    holds(SHELF[name])


@pytest.mark.parametrize("name", sorted(UNBOUNDED))
def test_nasty_texts_that_defeat_nfkc_are_normalized(name: str) -> None:
    assert len(normalize(SHELF[name]).text) <= 31


@given(st.text(st.sampled_from("ابكل ،.3a"), min_size=1))
def test_each_code_point_comes_from_where_the_map_says(text: str) -> None:
    found = normalize(text)
    source = (text[offset] for offset in found.offsets[:-1])
    assert all(ours == theirs for ours, theirs in zip(found.text, source, strict=True))
