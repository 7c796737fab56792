"""The words that decide whether a stop ends a sentence. Every entry is folded.

Spellings are looked up through `characters.fold`, so one entry serves a word with and without
its hamza, diacritics and tatweel.
"""

from typing import Final

from mujaz_server.text.characters import fold


def _words(table: str) -> frozenset[str]:
    return frozenset(map(fold, table.split()))


ABBREVIATIONS: Final = _words(
    """
    ود وم وأ وش وص وج وط وق لد
    مج تح تحق مط تلف
    """
)
"""Abbreviations of more than one letter; a single letter is always one."""

UNITS: Final = _words("كم كلم سم مم ملم مل كغ كلغ كجم جم ملغ مغ مكغ")
"""Abbreviations after a number; elsewhere some are words («سم» is also poison)."""

LETTER_NAMES: Final = _words(
    """
    إيه أيه بي سي دي إي إف جي إتش إيتش آي جيه جاي كيه كاي إل إم إن أو بيه كيو آر إس تي يو في
    دبليو إكس واي زد زي
    """
)
"""Names of Latin letters, as «سي.إن.إن» and «دبليو. إتش. أودن» spell them."""

LATIN: Final = frozenset(
    [
        *("dr", "mr", "mrs", "ms", "prof", "st", "jr", "sr", "gen", "col", "sgt", "capt", "rev"),
        *("inc", "ltd", "co", "corp", "bros", "vs", "eg", "ie", "cf", "al", "approx", "dept"),
        *("univ", "ed", "eds", "trans", "ca", "mt", "ft"),
    ]
)
"""Latin abbreviations after which a sentence goes on."""

LATIN_BEFORE_NUMBER: Final = frozenset(
    ["no", "nos", "nr", "vol", "pp", "fig", "art", "sec", "ch", "eq", "tab"]
)
"""Latin abbreviations when a number follows; otherwise they are words."""

SITES: Final = _words("نت كوم أورغ نيت دوت إنفو")
"""Names of top-level domains in Arabic letters: «الجزيرة.نت»."""

OPENERS: Final = _words(
    """
    وقد وكان وكانت وكانوا وكما ولم ولا ولن وليس ولكن لكن لكنه لكنها ولكنه ولكنها وهو وهي وهم وهذا
    وهذه وذلك وقال وقالت وقالوا وأضاف وأضافت وأكد وأكدت وأوضح وأوضحت وأشار وأشارت وذكر وذكرت
    وأعلن وأعلنت وتابع وتابعت وختم وشدد وشددت ورأى ورأت ويرى وترى ويقول وتقول ويعد وتعد ويعتبر
    وتعتبر ويقع وتقع وبلغ وبلغت ويبلغ وتبلغ وبعد وبعدها واليوم وعندما وحين ولما وخلال ومنذ وبحسب
    ووفقا ويذكر يذكر كما بينما أما هذا هذه ذلك تلك لذلك هل لماذا متى كيف ماذا إنه إنها فقد فكان
    فقال فهل ولهذا وبهذا وهناك هناك وأما
    """
)
"""Words that open a sentence: only before these does an abbreviation's stop end one."""

CONTINUATIONS: Final = _words(
    """
    قال قالت قالوا يقول تقول سأل سألت يسأل تسأل تساءل تساءلت صاح صاحت صرخ صرخت هتف هتفت هتفوا
    أجاب أجابت رد ردت همس همست علق علقت كتب كتبت
    مضيفا مضيفة مؤكدا مؤكدة مشيرا مشيرة موضحا موضحة معتبرا معتبرة متسائلا متسائلة لافتا لافتة
    داعيا داعية محذرا محذرة مطالبا مطالبة معربا معربة نافيا نافية مشددا مشددة مبينا مبينة
    قائلا قائلة التي الذي الذين اللذين اللتين اللواتي بحسب حسب وفق وفقا رواه أخرجه
    """
)
"""Words after a closed quotation that go on with the sentence it stands in."""

DEPENDENT: Final = _words("حتى أو أم إلى إلخ ألخ التي الذي الذين أن بل ربما")
"""Words after an ellipsis that go on with the sentence."""
