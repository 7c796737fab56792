import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.translation.numbers import NumberDifference, compare_numbers
from mujaz_server.translation.numerals import numerals

SAME = {
    "digits": ("اصيب 13 اخرون", "13 others were wounded"),
    "Arabic-Indic digits": ("اصيب ١٣ اخرون", "13 others were wounded"),
    "Persian digits": ("اصیب ۱۳ نفر", "13 people were wounded"),
    "thousands in three writings": ("١٬٢٠٠ و1.200 و1200", "1,200 and 1,200 and 1200"),
    "a decimal with the Arabic separator": ("٢٫٥ في المئة", "2.5 percent"),
    "a decimal with a comma": ("1,5 مليون دولار", "$1.5 million"),
    "an Arabic comma within a number": ("138،500 كم", "138,500 km"),
    "percent": ("نسبة 50% و20 في المئة و10 بالمائة", "50%, 20 percent and 10 per cent"),
    "a word for a word": ("قتل اربعة جنود", "four soldiers were killed"),
    "a word for digits": ("خمسة عشر شخصا", "15 people"),
    "digits for a word": ("15 شخصا", "fifteen people"),
    "units before tens": ("خمسة وعشرون الف شخص", "twenty-five thousand people"),
    "accusative units": ("ثمانيا وسبعين سنة", "78 years"),
    "hundreds in one word": ("خمسمئة واثنان وثلاثون جريحا", "532 wounded"),
    "hundreds in two words": ("خمس مئة شخص", "five hundred people"),
    "a dual noun": ("قتل شخصين", "two people were killed"),
    "a dual noun for a digit": ("على بعد كيلومترين", "2 km away"),
    "two thousand in one word": ("الفين وخمسة عشر", "2015"),
    "millions in a dual": ("مليونين و107 آلاف شخص", "2,107,000 people"),
    "two thousand before its noun": ("الفا حرفي", "two thousand craftsmen"),
    "one as an article": ("قتل شخص واحد", "a man was killed"),
    "one dropped": ("هدف واحد مقابل 3", "3 goals to nil"),
    "millions": ("3 ملايين نازح", "3,000,000 displaced"),
    "millions in words": ("ثلاثة ملايين", "3 million"),
    "millions and thousands": ("3 ملايين و500 الف", "3.5 million"),
    "millions and thousands apart": ("3 مليارات و200 مليون", "3 billion and 200 million"),
    "two sums joined by and": ("1.8 مليار دولار و870 مليون", "1.8 billion and 870 million"),
    "billions abbreviated": ("5 مليارات دولار و3 ملايين", "$5bn and $3m"),
    "a million and a half": ("مليون ونصف المليون", "1.5 million"),
    "half a million": ("نصف مليون", "500,000"),
    "three metres and a half": ("ثلاثة امتار ونصف المتر", "3.5 metres"),
    "an hour and a half": ("ساعة ونصف", "a 1.5 hour drive"),
    "a range of millions": ("بين 3 و5 ملايين", "between 3 million and 5 million"),
    "a range of years": ("1967-1999", "from 1967 to 1999"),
    "a range of years, short": ("بين 2014 و2015", "in 2014-15"),
    "a range held together by tatweel": ("1554ـ1560", "1554-1560"),
    "a date": ("30 ايلول/سبتمبر 2014", "September 30, 2014"),
    "a date in words": ("الخامس والعشرين من مايو", "May 25th"),
    "an ordinal": ("الدورة الثالثة", "the 3rd session"),
    "a century": ("القرن التاسع عشر", "the 19th century"),
    "a decade": ("الثمانينات", "the 1980s"),
    "a decade of a century": ("ثلاثينيات القرن التاسع عشر", "the 1830s"),
    "a king": ("لويس الخامس عشر", "Louis XV"),
    "tatweel before digits": ("القتلى الـ13", "the 13 dead"),
    "a prefix on digits": ("و200 ل300 ب40", "200, 300 and 40"),
    "a score": ("فاز 2-1", "won 2-1"),
    "a score the other way": ("فاز 3-1", "won 1-3"),
    "an age": ("البالغ 13 عاما", "the 13-year-old"),
    "a time": ("الساعة 10:30", "10:30 am"),
    "a time on two clocks": ("16:30", "4:30 pm"),
    "a full hour": ("10:00 صباحا", "10 am"),
    "a newswire hour": ("الساعة 22,00 ت غ", "2200 GMT"),
    "an hour and minutes": ("السادسة و45 دقيقة", "6:45 am"),
    "half past": ("العاشرة والنصف", "10:30"),
    "a phone number": ("هاتف +961 1 234567", "phone +961 1 234567"),
    "a name with a digit": ("مقاتلات F16 وطائرة B52", "F-16 fighters and a B-52"),
    "a raised digit is a unit": ("5 كم²", "5 square kilometres"),
    "a dozen": ("24 جائزة", "two dozen awards"),
    "seconds are no second": ("عشرين ثانية", "20 seconds"),
    "a word of both wholly in words": ("المرة الحادية والثلاثين", "the thirty-first time"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "output"), SAME.values(), ids=SAME.keys())
def test_the_same_numbers_said_differently_are_the_same(source: str, output: str) -> None:
    assert compare_numbers(source, output) == NumberDifference()


@pytest.mark.parametrize(
    ("source", "output", "missing", "added"),
    [
        pytest.param("13 جريحا", "wounded", ["13"], [], id="number-lost"),
        pytest.param("جرحى", "13 wounded", [], ["13"], id="number-from-nowhere"),
        pytest.param("13 جريحا", "14 wounded", ["13"], ["14"], id="number-changed"),
        pytest.param("١٣ جريحا", "31 wounded", ["13"], ["31"], id="digits-turned-round"),
        pytest.param("اربعة جنود", "five soldiers", ["4"], ["5"], id="word-changed"),
        pytest.param("اربعة جنود", "14 soldiers", ["4"], ["14"], id="word-to-wrong-digits"),
        pytest.param("خمسة وعشرون", "people", ["25"], [], id="large-word-lost"),
        pytest.param("اربعة جنود", "some soldiers", [], [], id="small-word-paraphrased"),
        pytest.param("3 ملايين", "3 billion", ["3000000"], ["3000000000"], id="wrong-scale"),
        pytest.param("3 ملايين", "3 people", ["3000000"], ["3"], id="scale-lost"),
        pytest.param("ثلاثة ملايين", "3 billion", ["3000000"], ["3000000000"], id="word-scale"),
        pytest.param("2.200.112", "2,200,12", ["2200112"], ["200", "12"], id="digit-of-group-lost"),
        pytest.param("1.5", "15", ["1.5"], ["15"], id="point-lost"),
        pytest.param("13,25 جنيها", "1325 pounds", ["13.25"], ["1325"], id="price-is-no-hour"),
        pytest.param("244890", "24490", ["244890"], ["24490"], id="digit-lost"),
        pytest.param("13 و13", "13", ["13"], [], id="said-once-instead-of-twice"),
        pytest.param("13", "13, 13", [], ["13"], id="said-twice-instead-of-once"),
        pytest.param("الساعة 10:30", "10:40 am", ["30"], ["40"], id="minutes-changed"),
        pytest.param("عام 2014", "in 2013", ["2014"], ["2013"], id="year-changed"),
        pytest.param("2 جنود", "soldiers", ["2"], [], id="two-in-digits-lost"),
        pytest.param("فاز 2-1", "won 3-1", ["2"], ["3"], id="score-changed"),
        pytest.param("1 و2", "one, two and seven", [], [], id="small-word-added"),
        pytest.param("٠٫٧٥", "0.57", ["0.75"], ["0.57"], id="decimals-turned-round"),
    ],
)
def test_a_difference_is_listed_on_both_sides(
    source: str, output: str, missing: list[str], added: list[str]
) -> None:
    difference = compare_numbers(source, output)
    assert (list(difference.missing), list(difference.added)) == (missing, added)


@given(st.text(), st.text())
def test_any_text_can_be_compared(source: str, output: str) -> None:
    compare_numbers(source, output)


PIECES = [
    *("0", "1", "2", "13", "1.200", "1,5", "80s", "10:30", "3m", "2014-15", "ألف", "مليون"),
    *("مليونين", "نصف", "ونصف", "وعشرون", "خمسة", "عشر", "مئة", "ثلاثمئة", "الثمانينات"),
    *("two", "five", "ten", "twenty", "hundred", "thousand", "million", "half", "dozen"),
    *("and", "to", "-", "/", "و", "الى", ",", ".", "xv"),
]
NUMERIC = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


@given(NUMERIC)
def test_a_text_has_the_numbers_that_it_has(text: str) -> None:
    assert not compare_numbers(text, text)


@given(st.lists(st.integers(3, 40)), st.lists(st.integers(3, 40)))
def test_plain_numbers_are_compared_as_multisets(ours: list[int], theirs: list[int]) -> None:
    difference = compare_numbers(" ، ".join(map(str, ours)), ", ".join(map(str, theirs)))
    missing, added = Counter(map(int, difference.missing)), Counter(map(int, difference.added))
    assert missing == Counter(ours) - Counter(theirs)
    assert added == Counter(theirs) - Counter(ours)


@given(NUMERIC, NUMERIC)
def test_the_script_of_the_digits_does_not_matter(source: str, output: str) -> None:
    eastern = source.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert compare_numbers(eastern, output) == compare_numbers(source, output)


@given(st.integers(min_value=3, max_value=999_999_999), st.integers(3, 999_999_999))
def test_two_numbers_agree_when_they_are_equal(source: int, output: int) -> None:
    assert bool(compare_numbers(f"بلغ {source:,} شخصا", f"reached {output}")) == (source != output)


@pytest.mark.parametrize(
    "unit",
    [
        *("1", "1 ", "1,", "1:", "1.5.", "1ـ", "2014-15", "5 to ", "hundred ", "3 million and "),
        *("خمسة وعشرون ", "million and a half ", "five and a half and a half "),
        *("\N{ARABIC FATHA}", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"),
    ],
)
def test_the_time_is_linear_in_the_length(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    compare_numbers(text, text)
    assert time.process_time() - started < 15


def test_a_number_is_read_with_all_it_may_mean() -> None:
    (numeral,) = numerals("1.200")
    assert [str(value) for value in numeral.values] == ["1.200", "1200"]
