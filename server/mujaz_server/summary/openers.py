"""Openers that read on from the sentence before, and dangle without it.

"He added that" and «وأضاف أن» open good sentences of an article that make poor ones of a
summary. The tables are cautious: what every reader of news understands by itself, as "This
week", "It is clear that" or «هذا العام», is no such opener, and in Arabic a plain و joins
nothing but the story. Patterns are matched against folded text (see `words.fold`).
"""

import re

from mujaz_server.summary.features import Language
from mujaz_server.summary.words import fold


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


def _phrases(entries: str) -> str:
    """Returns a pattern for any of the phrases, which stand one a line or between slashes."""
    phrases = (phrase.strip() for line in entries.splitlines() for phrase in line.split("/"))
    return _any(*(phrase for phrase in phrases if phrase))


# These point at the reader's day, not at the sentence before.
_TIMES_EN = (
    r"(?:past |last |coming )?(?:year|month|week|weekend|day|morning|afternoon|evening|night"
    r"|season|summer|winter|autumn|spring|century|decade)(?:s|'s)?\b"
)
# In "It is clear that" and "It was the police who" the pronoun stands for what follows.
_EXPLETIVE = (
    r"(?: is|'s| was| has been| will be| would be)(?: not| also| now| still)?(?: the)? \w+ "
    r"(?:that|to|whether|who|how|why|for)\b| (?:emerged|seems|appears|takes|took)\b"
)
_DEMONSTRATIVES_EN = _any(
    rf"(?:this|these)(?! {_TIMES_EN})",
    r"those(?! (?:who|whose|with|without|in|from|of|on|at|\w+ing|\w+ed)\b)",
)
_ENGLISH = _any(
    r"(?:he|she|they|him|them|his|her|their|its)(?!-| (?:majesty|highness|holiness|excellency)\b)",
    rf"it(?!{_EXPLETIVE})",
    rf"{_phrases('in/on/at/by/for/to/from/with/of/after/before/during/despite/under')}? ?"
    + _DEMONSTRATIVES_EN,
    r"that(?= (?:is|was|means|meant|would|will|has|had|could|came|comes|made|makes)\b)",
    r"(?:after|before|since|until|by|because of|despite|as well as) (?:that|then|which)",
    r"(?:so|then|and|nor|or|but|yet)(?!-| (?:far|many|much|few)\b)",
    r"(?:however|still)(?! (?:hard|much|many|long|few|small|large|life|image|photograph)s?\b)",
    r"(?:instead|as a result)(?! of\b)",
    r"(?:in addition|in contrast)(?! to\b)",
    r"besides(?=,)",
    _phrases("""
        also/another/others/such/the latter/both of them/one of them/neither of them
        meanwhile/moreover/furthermore/nevertheless/nonetheless/otherwise/therefore/thus/hence
        consequently/accordingly/likewise/similarly/conversely/afterwards/indeed
        on the other hand/for example/for instance/at the same time/by contrast/even so/that said
        for his part/for her part/for its part/for their part/in turn/as such/in other words
        according to him/according to her/according to them
    """),
)
# "We will win," he said.
_ATTRIBUTED = r'["“][^"”]*["”],? (?:he|she|they)\b'

_TIMES_AR = (
    r"(?:العام|السنه|الشهر|الاسبوع|اليوم|الليله|الصباح|المسا|الموسم|الصيف|الشتا|الربيع|الخريف"
    r"|العقد|القرن|الايام)\b"
)
_DEMONSTRATIVES_AR = rf"(?:هذا|هذه|هذان|ذلك|تلك|هولا|اوليك)(?! {_TIMES_AR})"
_ARABIC = "[وف]?" + _any(
    r"(?:هو|هي|هم|هما|انه|انها|انهم|انهما)",
    r"(?:(?:كان|كانت|جا|جات|ياتي|تاتي|يعد|تعد|يعتبر|تعتبر|في|ب|ل|من|علي|عن|مع|بعد|قبل|خلال) ?)?"
    + _DEMONSTRATIVES_AR,
    _phrases("""
        من جهته/من جهتها/من جهتهم/من جانبه/من جانبها/من جانبهم/من ناحيته/من ناحيتها/بدوره/بدورها
        من جهه اخري/من جهه ثانيه/من ناحيه اخري/من ناحيه ثانيه/من جانب اخر/من ثم
        في المقابل/بالمقابل/في سياق متصل/في السياق نفسه/في السياق ذاته/في سياق اخر
        في الوقت نفسه/في الوقت ذاته/في نفس الوقت/في غضون ذلك/في الاثنا/بالتالي
        الي ذلك/الي جانب ذلك/اضافه الي ذلك/بالاضافه الي ذلك/علاوه علي ذلك/فضلا عن ذلك
        رغم ذلك/بالرغم من ذلك/علي الرغم من ذلك/منذ ذلك/نتيجه لذلك/نتيجه ذلك/بنا علي ذلك
        علي سبيل المثال/كذلك/ايضا/لذا/هكذا/كما/لكن/لكنه/لكنها/لكنهم/بل/ثم/اما/حيث/اذ
        الا ان/الا انه/الا انها/الا انهم/غير ان/غير انه/غير انها/بيد ان/بيد انه/بيد انها
    """),
    # A verb of saying whose subject was named before: its clause follows at once.
    _phrases("""
        قال/قالت/قالوا/يقول/تقول/اكد/اكدت/يوكد/توكد/اعلن/اعلنت/اوضح/اوضحت/ذكر/ذكرت/افاد/افادت
        اعتبر/اعتبرت/راي/رات/شدد/شددت/كشف/كشفت/بين/بينت/اشار/اشارت/لفت/لفتت/دعا/دعت
    """)
    + r'(?: (?:ان|انه|انها|انهم|بان|بانه|بانها|الي|علي (?:ان|ضروره|اهميه))\b|:| ?["«“])',
)
# Verbs of going on; without the conjunction they tell news («أضاف البنك فرعا»).
_GOING_ON = "و" + _phrases("""
    اضاف/اضافت/اضافوا/يضيف/تضيف/تابع/تابعت/يتابع/تتابع/اردف/اردفت/استطرد/استطردت/استدرك/مضي
""")

# Code points in which a sentence has opened, a quotation of some length included.
_OPENING = 300

_OPENERS = {
    "en": re.compile(rf"{_ATTRIBUTED}|\W*{_ENGLISH}\b"),
    "ar": re.compile(rf"\W*{_any(_ARABIC, _GOING_ON)}(?!\w)"),
}


def reads_on(text: str, language: Language) -> bool:
    """Whether `text` opens with a pronoun or connective that needs the sentence before it."""
    return bool(_OPENERS[language].match(fold(text[:_OPENING])))
