import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2
from mujaz_server.translation.checks import Findings, Flag, check

GOOD = [
    ("قتل اربعة جنود واصيب 13 آخرون الاحد.", "Four soldiers were killed and 13 wounded on Sunday."),
    ("ا ف ب", "AFP"),
    ("نعم", "Yes, it is so, as everybody knows"),
    ("جنود سوريون بالقرب من حطام منازل", "Syrian soldiers near the rubble of houses"),
    ("استخدم الباحثون نظام Linux وبرنامج GIMP", "Researchers used Linux and the GIMP program"),
    ("ارتفعت الارباح ٢٫٥ في المئة الى ٣ ملايين", "Profits rose 2.5 percent to three million"),
]


@pytest.mark.parametrize(("source", "output"), GOOD)
def test_a_good_translation_has_no_flag(source: str, output: str) -> None:
    assert check(source, output, truncated=False) == Findings(frozenset())


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        pytest.param("13 جريحا", "40 wounded", {Flag.NUMBERS_DIFFER}, id="numbers"),
        pytest.param(
            "وقال الوزير ان الحكومة", "The minister minister minister", {Flag.REPETITION}, id="loop"
        ),
        pytest.param(
            "جنود سوريون", "جنود سوريون", {Flag.COPIED, Flag.UNTRANSLATED}, id="source-over-again"
        ),
        pytest.param(
            "ﺟﻨﻮﺩ ﺳﻮﺭﻳﻮﻥ", "جنود سوريون", {Flag.COPIED, Flag.UNTRANSLATED}, id="copied-and-folded"
        ),
        pytest.param(
            "جنود سوريون قرب المنازل", "Syrian جنود near", {Flag.UNTRANSLATED}, id="arabic-left"
        ),
        pytest.param("جنود سوريون", "", {Flag.EMPTY}, id="nothing"),
        pytest.param("جنود سوريون", " .\N{NO-BREAK SPACE}- ", {Flag.EMPTY}, id="only-marks"),
        pytest.param("جنود سوريون قرب حطام المنازل", "Soldiers", {Flag.LENGTH_RATIO}, id="short"),
        pytest.param(
            "جنود سوريون قرب حطام المنازل",
            "Syrian soldiers stood for a long time near what was left of the houses of a quarter",
            {Flag.LENGTH_RATIO},
            id="long",
        ),
    ],
)
def test_each_defect_has_its_flag(source: str, output: str, expected: set[Flag]) -> None:
    assert check(source, output, truncated=False).flags == expected


def test_numbers_are_listed_with_their_flag() -> None:
    findings = check("اصيب ١٣ جنديا", "40 soldiers were wounded", truncated=False)
    assert (findings.missing, findings.added) == (("13",), ("40",))


@pytest.mark.parametrize("output", ["A good translation", "", "جنود"])
def test_a_cut_is_flagged_whatever_else_is(output: str) -> None:
    assert Flag.TRUNCATED in check("ترجمة جيدة", output, truncated=True).flags


def test_marks_for_marks_are_not_empty() -> None:
    assert check("...", "...", truncated=False) == Findings(frozenset())


def test_flags_have_the_names_and_numbers_of_the_api() -> None:
    prefix = "QUALITY_FLAG_"
    api = {name.removeprefix(prefix): n for name, n in mujaz_pb2.QualityFlag.items()}
    assert {flag.name: flag.value for flag in Flag} == {k: n for k, n in api.items() if n}


@given(source=st.text(), output=st.text(), truncated=st.booleans())
def test_any_texts_can_be_checked(source: str, output: str, *, truncated: bool) -> None:
    findings = check(source, output, truncated=truncated)
    assert (Flag.NUMBERS_DIFFER in findings.flags) == bool(findings.missing + findings.added)
    assert (Flag.TRUNCATED in findings.flags) == truncated


@given(st.text(), st.text())
def test_the_script_of_the_sources_digits_does_not_matter(source: str, output: str) -> None:
    western = source.translate(str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789"))
    assert check(source, output, truncated=False) == check(western, output, truncated=False)


@pytest.mark.parametrize(
    "unit", ["a", "the war ", "1 ", "جنود ", "\N{ARABIC FATHA}", "ـ", "aaaaaaab", "😀", "a.b,"]
)
def test_a_hundred_thousand_characters_take_seconds(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    check(text, text, truncated=False)
    assert time.process_time() - started < 15
