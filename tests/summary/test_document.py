from dataclasses import replace

import pytest

from mujaz_server.summary.document import Layout, Sentence, is_furniture, read_layout
from mujaz_server.summary.words import count_words


def document(*paragraphs: str | tuple[str, ...]) -> list[Sentence]:
    rows = [
        (paragraph, text)
        for paragraph, texts in enumerate(paragraphs)
        for text in ((texts,) if isinstance(texts, str) else texts)
    ]
    return [Sentence(index, paragraph, text) for index, (paragraph, text) in enumerate(rows)]


@pytest.mark.parametrize(
    "text",
    [
        "***",
        "— — —",
        "\N{GRINNING FACE}",
        "ا ف ب",
        "(أ ف ب)",
        "رويترز",
        "فرانس برس",
        "AFP",
        "(A.F.P.)",
        "Reuters / AFP",
        "دمشق (ا ف ب) -",
        "دمشق 8-12-2015 (اف ب)",
        "BEIRUT (Reuters) -",
        "Beirut, May 4 \N{EN DASH}",
        "(رويترز)",
        "ش م/ر ن",
        "ب ب ج/ س ص (ا ف ب)",
        "د ب أ ش م",
        "وكالات",
        "القاهرة - وكالات",
        "الرياض/ واس",
        "دبي:",
        "المصدر: الجزيرة نت",
        "بقلم محمد علي",
        "كتب - محمد علي",
        "(إعداد سارة علي للنشرة العربية - تحرير محمد علي)",
        "str/dv",
        "By Ann Lee and John Smith in Cairo",
        "Source: Reuters",
        "\N{COPYRIGHT SIGN} 2015 AFP",
        "(Reporting by Ann Lee and John Smith, with " + "John Smith and " * 9 + "Dan Green.)",
    ],
)
def test_furniture_is_told(text: str) -> None:
    assert is_furniture(text, count_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "قتل اربعة جنود.",
        "وذكرت وكالة فرانس برس ان الجيش انسحب.",
        "Reuters reported the deal.",
        "The talks failed - again.",
        "He left (Reuters photographers followed him).",
        "(" * 100_000 + "word",
        "By Friday the rebels had left",
        "Reporting by Reuters showed that he lied.",
        "Copyright law was reformed on Friday.",
        "كتب محمد علي رسالة الى الوزير.",
        "صورة الجندي هزت الراي العام.",
        "وقال ان 3/4 السكان نزحوا.",
        "لا/نعم",
        "ا ب " * 19 + "xyz",
        "ا/ب/" * 19 + "xyz",
    ],
)
def test_a_statement_is_no_furniture(text: str) -> None:
    assert not is_furniture(text, count_words(text))


HEADLINE = "Talks end without a deal"
BODY = "The talks in Geneva ended on Friday without a deal."


@pytest.mark.parametrize(
    ("sentences", "layout"),
    [
        pytest.param([], Layout((), (), ()), id="nothing"),
        pytest.param(
            document(HEADLINE, (BODY, BODY), "AFP"),
            Layout((0,), (False, True, True, False), (True, True, False, True)),
            id="headline, body and signature",
        ),
        pytest.param(
            document("A headline of more words than any subheading below it has", BODY),
            Layout((0,), (False, True), (True, True)),
            id="a headline may be longer than a subheading",
        ),
        pytest.param(
            document((BODY, BODY)), Layout((), (True, True), (True, False)), id="body alone"
        ),
        pytest.param(
            document((HEADLINE, BODY)),
            Layout((), (True, True), (True, False)),
            id="a line that shares its paragraph is no headline",
        ),
        pytest.param(
            document(HEADLINE + ".", BODY),
            Layout((), (True, True), (True, True)),
            id="a line that ends as a sentence is no headline",
        ),
        pytest.param(
            document("***", HEADLINE, BODY),
            Layout((1,), (False, False, True), (True, True, True)),
            id="furniture above the headline is passed over",
        ),
        pytest.param(
            document(HEADLINE, BODY, "Background", BODY),
            Layout((0,), (False, True, False, True), (True,) * 4),
            id="a subheading is not selected",
        ),
        pytest.param(
            document(HEADLINE, "Second line", "***"),
            Layout((), (True, True, False), (True,) * 3),
            id="a list has no headline",
        ),
        pytest.param(
            [Sentence(0, 0, BODY, eligible=False), Sentence(1, 0, BODY)],
            Layout((), (False, True), (True, False)),
            id="what the caller rules out stays out",
        ),
        pytest.param(
            document(BODY, '"We will be back."'),
            Layout((), (True, True), (True, True)),
            id="a full stop inside quotes closes a sentence",
        ),
    ],
)
def test_layout(sentences: list[Sentence], layout: Layout) -> None:
    assert read_layout(sentences, [count_words(each.text) for each in sentences]) == layout


def test_each_of_several_documents_is_read_by_itself() -> None:
    others = [replace(each, document=1) for each in document("A second headline", BODY)]
    sentences = [*document(HEADLINE, (BODY, BODY), "AFP"), *others]
    assert read_layout(sentences, [count_words(each.text) for each in sentences]) == Layout(
        (0, 4), (False, True, True, False, False, True), (True, True, False, True, True, True)
    )
