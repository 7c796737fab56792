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
    ],
)
def test_a_statement_is_no_furniture(text: str) -> None:
    assert not is_furniture(text, count_words(text))


HEADLINE = "Talks end without a deal"
BODY = "The talks in Geneva ended on Friday without a deal."


@pytest.mark.parametrize(
    ("sentences", "layout"),
    [
        pytest.param([], Layout(None, (), ()), id="nothing"),
        pytest.param(
            document(HEADLINE, (BODY, BODY), "AFP"),
            Layout(0, (False, True, True, False), (True, True, False, True)),
            id="headline, body and signature",
        ),
        pytest.param(
            document("A headline of more words than any subheading below it has", BODY),
            Layout(0, (False, True), (True, True)),
            id="a headline may be longer than a subheading",
        ),
        pytest.param(
            document((BODY, BODY)), Layout(None, (True, True), (True, False)), id="body alone"
        ),
        pytest.param(
            document((HEADLINE, BODY)),
            Layout(None, (True, True), (True, False)),
            id="a line that shares its paragraph is no headline",
        ),
        pytest.param(
            document(HEADLINE + ".", BODY),
            Layout(None, (True, True), (True, True)),
            id="a line that ends as a sentence is no headline",
        ),
        pytest.param(
            document("***", HEADLINE, BODY),
            Layout(1, (False, False, True), (True, True, True)),
            id="furniture above the headline is passed over",
        ),
        pytest.param(
            document(HEADLINE, BODY, "Background", BODY),
            Layout(0, (False, True, False, True), (True,) * 4),
            id="a subheading is not selected",
        ),
        pytest.param(
            document(HEADLINE, "Second line", "***"),
            Layout(None, (True, True, False), (True,) * 3),
            id="a list has no headline",
        ),
        pytest.param(
            [Sentence(0, 0, BODY, eligible=False), Sentence(1, 0, BODY)],
            Layout(None, (False, True), (True, False)),
            id="what the caller rules out stays out",
        ),
        pytest.param(
            document(BODY, '"We will be back."'),
            Layout(None, (True, True), (True, True)),
            id="a full stop inside quotes closes a sentence",
        ),
    ],
)
def test_layout(sentences: list[Sentence], layout: Layout) -> None:
    assert read_layout(sentences, [count_words(each.text) for each in sentences]) == layout
