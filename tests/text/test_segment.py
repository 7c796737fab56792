"""What a person reading Arabic would call a sentence. `|` marks where segments part."""

import pytest

from mujaz_server.text.segment import NewlineMode, Segment, opens_within, segment, segments

WHOLE = {
    "a doctor": "قال د. أحمد إن المريض بخير.",
    "a professor": "حضر أ.د. محمد السيد وأ. د. سعيد وم. علي.",
    "a doctor after and": "حضر د. أحمد ود. سمير.",
    "a post box": "أرسلوها إلى ص.ب. 123 عمان.",
    "a country": "وصل سفير ج.م.ع. إلى تونس.",
    "initials": "كتب أ. ب. يهوشوع وج. ك. رولينغ كتبا كثيرة.",
    "initials with tatweel": "ولد هـ. ج. ويلز في إنجلترا.",
    "the era before Christ": "بنيت سنة 300 ق.م. تقريبا.",
    "the hijri year": "توفي سنة 505 هـ. في طوس.",
    "a unit after a number": "يرتفع 30 سم. عن الأرض.",
    "spelled latin letters": "قالت شبكة سي.إن.إن. أمس إن بي.بي.سي أخطأت.",
    "spelled initials with spaces": "قرأت دبليو. إتش. أودن كله.",
    "a decimal": "ارتفع 3.5 في المئة ثم ٣٫٥ ثم ٤.٢ في المئة.",
    "thousands": "بلغ العدد 3.500.000 نسمة.",
    "a time": "يبدأ في الساعة 10.30 صباحا.",
    "a date": "ولد في 1.2.1994 في بغداد.",
    "a version": "صدرت النسخة 4.2.1 أمس.",
    "an address of the web": "انظر https://example.com/a.b?c=1!x للمزيد.",
    "an address with arabic letters": "انظر https://example.com/مقال.جديد?x للمزيد.",
    "an address of mail": "راسلوا first.last@mail.example.com اليوم.",
    "a domain in arabic letters": "نشر موقع الجزيرة.نت الخبر.",
    "a file": "حملوا الملف taqrir.pdf من هنا.",
    "latin abbreviations": "زار Dr. Smith مدينة St. Louis في U.S. أمس.",
    "a latin number": "عنوانه No. 5 في القائمة.",
    "lower case after a stop": "اشترى approx. five كتب.",
    "a number at the start of a line": "1. تعريف البحث.",
    "a letter at the start of a line": "أ. تعريف البحث.",
    "a nested number at the start of a line": "2.3. تعريف البحث.",
    "a roman number at the start of a line": "IV. تعريف البحث.",
    "stops inside quotes": 'قال "لن نعود. لن ننسى. سنبقى" ثم سكت.',
    "stops inside guillemets": "قال «لن نعود! هل تسمعون؟ لا» ثم سكت.",
    "stops inside brackets": "وصل الوفد (انظر ص. 5. والملحق.) مساء.",
    "a stop in an inner bracket": 'قال "لن (أبدا.) نعود" ثم سكت.',
    "curly quotes both turned the same way": "قال ”لن نعود. لن ننسى” ثم سكت.",
    "a title that asks": "كتاب «من نحن؟» في الأسواق.",
    "a quotation that goes on": 'قال "لن نعود." مؤكدا أنه باق.',
    "an exclamation in brackets": "فاز (!) وكان آخرهم.",
    "an ellipsis in brackets": "قال (...) وكان صادقا.",
    "a question before a comma": "من أين؟، سأل الحارس.",
    "a stutter": "كل من و... أعني أنت.",
    "a word repeated after an ellipsis": "أنا... أنا لا أعرف.",
    "an ellipsis before a dependent word": "مشى... حتى طلع الفجر.",
    "a pause of two dots": "البرازيل.. فوز صعب.",
    "a leading ellipsis": "...وهكذا كان.",
    "et cetera": "كتب وأقلام... إلخ.",
    "an emoji at the end": "شكرا! 😀",
    "a line of symbols": "*** --- ***",
    "an agency that the sentence names": "نقلت وكالة الأنباء السعودية (واس).",
    "two cities": "القاهرة - بيروت",
    "a dash inside a headline": "قمة عربية - أوروبية في شرم الشيخ",
    "an ascii question mark inside a damaged word": "كلمة فيها حرف مع?وب هنا.",
}

PARTED = {
    "two sentences": "وصل الوفد.| وغادر الوفد.",
    "a full stop of urdu": "یہ اردو ہے۔| اور یہ بھی۔",
    "marks in runs": "ماذا؟!| لا!!!| حقا؟؟؟| نعم",
    "marks with spaces": "ماذا ؟ !| لا .| نعم",
    "an ellipsis": "انتظر طويلا…| وعاد وحيدا...| ثم نام.",
    "two dots before an opener": "تراجعت السوق..| وأكدت الهيئة أنها تتابع.",
    "a missing space": "التنظيم المتطرف.|واعلنت بريطانيا الخميس.",
    "a missing space after a space": "دول العالم .|ضمن سياق آخر.",
    "a missing space before a lone and": "عنخ أمون .|و يشكل الذهب قاعدة.",
    "a missing space after a question": "هل جاء؟|نعم جاء!|متى؟|أمس.",
    "a missing space after a bracket": "بسبب الحرب (الثانية).|في عام 1950 عادت.",
    "a missing space after a number": "كان ذلك في 2015.|وقال آخرون غير ذلك.",
    "a missing space before a number": "خسرت البلاد.|12 قتيلا في يوم.",
    "a missing space before a quote": "انتهى اللقاء.|«نعم» قالها مرتين.",
    "a year at the end": "بدأ في 2015.| وانتهى بعد عام.",
    "an era that ends a sentence": "توفي سنة 505 هـ.| وكان عالما.",
    "a word that is also a unit": "نفثت الأفعى كل ما فيها من سم.| ثم هربت.",
    "a unit that ends a sentence": "يرتفع 300 م.| وقد بني قديما.",
    "a stop with a space is no abbreviation": "المسافة 147 كم .| ثم الشمس.",
    "a quote that closes after the stop": 'قال: "لن نعود."| ثم سكت.',
    "guillemets and a bracket that close": "(قال: «لن نعود.»)| وهو صادق.",
    "a spoken question": "سأل: «متى نعود؟»| ولم يجبه أحد.",
    "two quotations in a row": '"من أنت؟"| "أنا الحارس."',
    "a bracket that is a sentence": "انتهى الدرس.| (انظر الملحق.)| التالي غدا.",
    "a stray opening quote": 'قال "لم يغلق.| ثم خرج.| ثم عاد.',
    "a stray closing quote": 'لم يفتح".| ثم خرج.',
    "a stray quote before a whole one": 'قال "لم يغلق ثم قال "نعم. لا".| وخرج.',
    "turns of an interview": "- متى؟| - أمس.| - حقا؟| - نعم.",
    "a list in a line": "1. أول البنود.| 2. ثاني البنود.| ٣. ثالث البنود.",
    "an address at the end": "زوروا www.example.com/x.| ثم عودوا.",
    "an address of mail at the end": "راسلوا a@example.com.|وقال شيئا.",
    "a footnote": "ولد في بخارى.[1]| وله كتب.[2][3]| ثم مات.",
    "english between": "قال نعم.| He left.| She stayed!| ثم عاد.",
    "a dateline": "القاهرة (د ب أ) -| قال الوزير.| وأضاف.",
    "a dateline with a date": "بيروت 3 كانون الثاني/يناير (رويترز) -| قال مصدر.",
    "a dateline with hamza": "دمشق (أ ف ب) –| قال مصدر.",
    "a dateline with dots": "دمشق (أ.ف.ب) -| قال مصدر.",
    "a dateline without a space": "عمان 3 أيار (بترا)--| افتتح الملك.",
    "a dateline with slashes": "القاهرة / أ ش أ /| قال الوزير.",
    "a dateline with dashes": "عمان - بترا -| قال الوزير.",
    "a dateline of a newspaper": "عمان- الرأي-| دعا المعهد الجمهور.",
    "a dateline of a city": "لندن -| قالت الحكومة إنها ستستقيل.",
    "a signature": "قال الوزير في سوريا.| ا ف ب",
    "a signature with dots": "قال الوزير في سوريا.| أ.ف.ب",
    "a signature in brackets": "قال الوزير في سوريا.| (رويترز)",
    "a signature in brackets without a stop": "قال الوزير في سوريا| (أ ف ب)",
    "a signature in brackets before the stop": "قال الوزير في سوريا| (د ب أ).",
    "a signature of two agencies": "قال الوزير في سوريا.| (أ ف ب، رويترز)",
    "a signature behind a dash": "قال الوزير ذلك في سوريا| - رويترز",
    "a signature after an abbreviation": "قال ذلك ومات سنة 505 هـ.| رويترز",
}


def texts(document: str, newline: NewlineMode = NewlineMode.BREAK) -> list[str]:
    return [document[each.start : each.end] for each in segment(document, newline)]


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE.keys())
def test_is_one_segment(text: str) -> None:
    assert texts(text) == [text]


@pytest.mark.parametrize("marked", PARTED.values(), ids=PARTED.keys())
def test_is_parted(marked: str) -> None:
    assert texts(marked.replace("|", "")) == [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize(
    ("newline", "expected"),
    [
        (NewlineMode.BREAK, [(0, "أول"), (1, "السطر."), (1, "و"), (2, "ثانيه"), (3, "فقرة.")]),
        (NewlineMode.WRAP, [(0, "أول\nالسطر."), (0, "و\nثانيه"), (1, "فقرة.")]),
    ],
)
def test_line_breaks_mean_what_the_caller_says(
    newline: NewlineMode, expected: list[tuple[int, str]]
) -> None:
    text = "أول\nالسطر. و\nثانيه\n \t\nفقرة."
    found = [(each.paragraph, text[each.start : each.end]) for each in segment(text, newline)]
    assert found == expected


def test_a_line_of_symbols_parts_wrapped_text() -> None:
    text = "أول\nالفقرة\n***\nثانية\n-"
    assert texts(text, NewlineMode.WRAP) == ["أول\nالفقرة", "***", "ثانية\n-"]


def test_a_paragraph_separator_parts_wrapped_text() -> None:
    assert texts("أول\u2029ثان\u2028ثالث", NewlineMode.WRAP) == ["أول", "ثان\u2028ثالث"]


def test_a_list_number_in_wrapped_text_is_no_end() -> None:
    assert texts("البنود:\n1. أول", NewlineMode.WRAP) == ["البنود:\n1. أول"]


def test_segments_say_where_they_stand() -> None:
    assert segment("\ufeffعنوان\n\nأول. ثان.\r\n") == [
        Segment(index=0, paragraph=0, start=1, end=6),
        Segment(index=1, paragraph=1, start=8, end=12),
        Segment(index=2, paragraph=1, start=13, end=17),
    ]


@pytest.mark.parametrize("newline", NewlineMode)
@pytest.mark.parametrize("text", ["", " \n\t", "\u200f\ufeff\x00"])
def test_a_text_without_ink_has_no_segments(text: str, newline: NewlineMode) -> None:
    assert segment(text, newline) == []


def test_a_quotation_longer_than_the_reach_is_cut() -> None:
    quoted = 'قال "' + "هذه جملة طويلة. " * 50 + '" ثم سكت.'
    assert len(segment(quoted)) > 40


@pytest.mark.parametrize(
    ("text", "newline", "soon"),
    [
        pytest.param("عنوان.\nثان", NewlineMode.BREAK, True, id="a short line"),
        pytest.param("عنوان طويل جدا\nثان", NewlineMode.BREAK, False, id="a long line"),
        pytest.param("\ufeff\n \nعنوان طويل جدا", NewlineMode.BREAK, False, id="blank lines first"),
        pytest.param("أول\nثان\n\nثالث", NewlineMode.WRAP, True, id="a short paragraph"),
        pytest.param("أول\nثان\nثالث", NewlineMode.WRAP, False, id="a long paragraph"),
        pytest.param("", NewlineMode.BREAK, False, id="nothing"),
    ],
)
def test_a_text_opens_where_its_first_line_or_paragraph_ends(
    text: str, newline: NewlineMode, *, soon: bool
) -> None:
    assert opens_within(text, newline, 10) is soon


@pytest.mark.parametrize("newline", NewlineMode)
def test_the_first_segment_is_known_before_the_second_paragraph_is_cut(
    newline: NewlineMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks: list[str] = []

    def noted(block: str) -> int:
        blocks.append(block)
        return 0

    monkeypatch.setattr("mujaz_server.text.segment.dateline_end", noted)
    first = next(segments("أول. ثان.\n\nثالث.", newline))
    assert first == Segment(index=0, paragraph=0, start=0, end=4)
    assert blocks == ["أول. ثان."]
