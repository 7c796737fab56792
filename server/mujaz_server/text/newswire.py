"""The dateline that opens a newswire story and the signature that closes it."""

import re
from typing import Final

from mujaz_server.text.characters import ARABIC_LETTERS, ARABIC_MARKS, DIGITS


def _spellings(names: str) -> str:
    """An alternation of names, one a line, whose alifs, dots and spaces may vary."""
    return "|".join(
        re.sub("[اأإآ]", "[اأإآ]", name.strip()).replace(" ", r"[ .\xa0]{1,2}")
        for name in sorted(names.strip().splitlines(), key=len, reverse=True)
    )


_AGENCY: Final = (
    "(?:"
    + _spellings(
        """ا ف ب
        وكالة فرانس برس
        فرانس برس
        رويترز
        د ب ا
        ا ش ا
        ا ب
        اسوشيتد برس
        ي ب ا
        يو بي اي
        يونايتد برس
        واس
        سانا
        وام
        بترا
        قنا
        كونا
        بنا
        وفا
        واع
        وات
        واج
        سبا
        سونا
        الاناضول
        شينخوا
        تاس
        ايتار تاس
        نوفوستي
        سبوتنيك
        افي
        اكي
        انسا
        معا
        بي بي سي
        سي ان ان
        وكالات
        الوكالات"""
    )
    + r")\.?"
)
_AGENCIES: Final = rf"{_AGENCY}(?:\s?[،,/و-]\s?{_AGENCY}){{0,3}}"
_CITY: Final = (
    "(?:"
    + _spellings(
        """القاهرة
        الاسكندرية
        بيروت
        دمشق
        حلب
        بغداد
        اربيل
        البصرة
        عمان
        القدس
        القدس المحتلة
        رام الله
        غزة
        الرياض
        جدة
        مكة المكرمة
        الكويت
        الدوحة
        المنامة
        ابوظبي
        ابو ظبي
        دبي
        مسقط
        صنعاء
        عدن
        الخرطوم
        طرابلس
        بنغازي
        تونس
        الجزائر
        الرباط
        الدار البيضاء
        نواكشوط
        مقديشو
        واشنطن
        نيويورك
        لندن
        باريس
        برلين
        بروكسل
        جنيف
        فيينا
        روما
        مدريد
        موسكو
        كييف
        انقرة
        اسطنبول
        طهران
        كابول
        اسلام اباد
        نيودلهي
        بكين
        طوكيو
        سيول"""
    )
    + ")"
)
_WORD: Final = f"[{ARABIC_LETTERS}{ARABIC_MARKS}{DIGITS}]{{1,15}}"
_WORDS: Final = rf"{_WORD}(?:[ \xa0،,/]{{1,2}}{_WORD})"  # a count follows where it is used
_DASH: Final = r"[-–—]{1,3}"
_DATELINE: Final = re.compile(
    rf"""\s{{0,9}}(?:
        {_WORDS}{{0,7}}\s?(?:{_DASH}\s)?                               # دمشق (ا ف ب) -
        [(\[]\s?{_AGENCIES}\s?[)\]]\s?(?:{_DASH}|:)
      | {_WORDS}{{0,3}}\s?{_DASH}\s?{_AGENCIES}\s?{_DASH}               # عمان - بترا -
      | {_WORDS}{{0,3}}\s?/\s?{_AGENCIES}\s?/(?:\s?{_DASH})?            # القاهرة / أ ش أ /
      | {_CITY}\s?{_DASH}\s?{_WORDS}{{0,1}}\s?{_DASH}(?=\s)              # بيروت - النهار -
      | {_CITY}(?:\s?[،,/و]\s?{_CITY})?
        (?:\s[(\[][^()\[\]\n]{{2,30}}[)\]])?\s?{_DASH}(?=\s+(?:\S{{1,40}}\s+){{3}})  # لندن -
    )(?=\s{{0,9}}\S)""",
    re.VERBOSE,
)
_SIGNATURE: Final = re.compile(
    rf"""(?:
        [(\[]\s?{_AGENCIES}\s?[)\]]
      | (?<=\s)(?:{_DASH}|/)\s?{_AGENCIES}(?:\s?/)?
      | (?<=[.؟?!…"»”)]\s){_AGENCIES}
    )[.\s]{{0,9}}$""",
    re.VERBOSE,
)
_ATTRIBUTED: Final = re.compile(rf"وكال\S{{1,8}}(?:\s+{_WORD}){{0,3}}\s*$")
_STORY: Final = re.compile(r"(?:\S+\s+){3}")
_TAIL: Final = 80


def dateline_end(block: str) -> int:
    """Return where the dateline that opens `block` ends, its dash included; 0 without one.

    A dateline is a place with an agency («دمشق (ا ف ب) -», «عمان - بترا -»), with or without a
    date, or a well-known city and a dash before a sentence of four words or more.
    """
    found = _DATELINE.match(block)
    return found.end() if found else 0


def signature_start(block: str) -> int:
    """Return where the agency's signature that closes `block` begins; its length without one.

    The agency stands alone after the last sentence or in brackets at the very end. An agency
    that the sentence itself speaks of («وكالة الأنباء السعودية (واس)») is no signature.
    """
    offset = max(0, len(block) - _TAIL)
    found = _SIGNATURE.search(block[offset:])
    if not found:
        return len(block)
    start = offset + found.start()
    head = block[max(0, start - _TAIL) : start]
    if not _STORY.match(head) or _ATTRIBUTED.search(head):
        return len(block)
    return start
