"""Two invented reports as an agency would write them, and what a person expects of them."""

from dataclasses import replace

import pytest

from mujaz_server.summary.selection import (
    Language,
    Ratio,
    Sentence,
    SentenceCount,
    WordCount,
    count_words,
    summarize,
)

ENGLISH = """\
Port of Lindhaven shut after ferry collision

LINDHAVEN (AFP) -

Two ferries collided in thick fog outside the port of Lindhaven early on Tuesday, \
injuring 34 people and closing the harbour to all traffic, officials said.
Three of the injured were in a serious condition.

The passenger ferry Aurora was leaving for the island of Skarn with 212 people on board \
when it struck the smaller Tern, the coast guard said.

Two ferries collided in thick fog outside the port of Lindhaven, injuring 34 people, \
coast guard spokeswoman Ingrid Falk said.

"It was like driving into a wall," said a passenger.
She had been drinking coffee.

Background

The harbour handles a third of the country's grain exports, and shippers warned that \
prices would rise if it stayed closed beyond the weekend.
Wheat futures gained two percent.

Investigators said that the radar of the Aurora had been out of order since Sunday and \
that its owner, Norline, had asked for permission to sail without it.

The weather office expects the fog to lift on Wednesday.

AFP
"""

ARABIC = """\
اغلاق ميناء طرابلس بعد حريق في خزانات الوقود

طرابلس (ا ف ب) -

اندلع حريق ضخم في خزانات الوقود بميناء طرابلس فجر الاربعاء، ما ادى الى اصابة 18 شخصا \
بجروح واغلاق الميناء امام حركة السفن، وفق ما اعلنت السلطات.

وقال المتحدث باسم الدفاع المدني سمير الحاج ان 40 سيارة اطفاء تشارك في اخماد الحريق.

واندلع الحريق الضخم في خزانات الوقود بميناء طرابلس فجرا وادى الى اصابة 18 شخصا بجروح، \
بحسب المتحدث.

وقال احد السكان "سمعنا دويا هائلا".
وكان يقف امام منزله.

خلفية

ويستقبل الميناء نصف واردات البلاد من القمح، وحذر تجار من ارتفاع اسعار الخبز اذا استمر \
الاغلاق اكثر من اسبوع.

وفتحت النيابة العامة تحقيقا مع مدير الشركة المشغلة في اهمال صيانة الخزانات.

وتوقعت الارصاد ان تهدأ الرياح مساء الخميس.

ا ف ب
"""


def read(article: str) -> list[Sentence]:
    """Reads a sentence a line, with an empty line between paragraphs."""
    paragraphs = article.strip().split("\n\n")
    rows = [(number, text) for number, whole in enumerate(paragraphs) for text in whole.split("\n")]
    return [Sentence(index, paragraph, text) for index, (paragraph, text) in enumerate(rows)]


def summary(
    article: str,
    language: Language,
    budget: SentenceCount | WordCount | Ratio,
    query: str = "",
) -> list[str]:
    sentences = read(article)
    picks = summarize(sentences, budget, language=language, query=query)
    return [sentences[pick.index].text for pick in picks]


def test_an_english_report_is_told_by_its_lead_without_saying_it_twice() -> None:
    chosen = summary(ENGLISH, "en", SentenceCount(3))
    assert chosen[0].startswith(
        "Two ferries collided in thick fog outside the port of Lindhaven early"
    )
    assert not any("Ingrid Falk" in text or "coffee" in text for text in chosen)
    assert any(text.startswith("The passenger ferry Aurora") for text in chosen)


def test_an_arabic_report_is_told_by_its_lead_without_saying_it_twice() -> None:
    chosen = summary(ARABIC, "ar", SentenceCount(3))
    assert chosen[0].startswith("اندلع حريق ضخم")
    assert not any(text.startswith(("واندلع الحريق", "وكان يقف")) for text in chosen)


@pytest.mark.parametrize(("article", "language"), [(ENGLISH, "en"), (ARABIC, "ar")])
def test_headlines_datelines_subheadings_and_signatures_are_never_quoted(
    article: str, language: Language
) -> None:
    everything = summary(article, language, Ratio(1.0))
    left_out = [s.text for s in read(article) if s.text not in everything]
    headline, *others = left_out
    assert article.startswith(headline)
    assert others in (
        ["LINDHAVEN (AFP) -", "Background", "AFP"],
        ["طرابلس (ا ف ب) -", "خلفية", "ا ف ب"],
    )


def test_a_question_is_answered_by_the_sentence_about_it() -> None:
    for query, answer in [
        ("grain prices", "The harbour handles"),
        ("Norline radar investigation", "Investigators said"),
        ("weather", "The weather office"),
    ]:
        (chosen,) = summary(ENGLISH, "en", SentenceCount(1), query)
        assert chosen.startswith(answer)
    for query, answer in [("أسعار القمح", "ويستقبل الميناء"), ("تحقيق النيابة", "وفتحت النيابة")]:
        (chosen,) = summary(ARABIC, "ar", SentenceCount(1), query)
        assert chosen.startswith(answer)


def test_a_budget_of_words_holds_the_lead_and_what_fits_beside_it() -> None:
    chosen = summary(ENGLISH, "en", WordCount(60))
    assert sum(map(count_words, chosen)) <= 60
    assert chosen[0].startswith("Two ferries collided")
    assert len(chosen) > 1


def test_a_doubtful_lead_gives_way_to_its_sound_repetition() -> None:
    sentences = read(ENGLISH)
    lead = next(s for s in sentences if s.text.startswith("Two ferries"))
    doubted = [replace(s, doubtful=s is lead) for s in sentences]
    chosen = {pick.index for pick in summarize(doubted, SentenceCount(2), language="en")}
    repetition = next(s for s in sentences if "Ingrid Falk" in s.text)
    assert lead.index not in chosen
    assert repetition.index in chosen
