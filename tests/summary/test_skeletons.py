from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.skeletons import VOWELS, consonants, likeness, skeletons
from mujaz_server.summary.words import words

folded = st.text(max_size=40).map(words)
letters = st.text("abcdefghijklmnopqrstuvwxyz'ابتثجحخدذرزسشصضطظعغفقكلمنهوي", min_size=1)


@given(folded)
def test_each_word_has_one_skeleton_whatever_stands_beside_it(given_words: list[str]) -> None:
    together = skeletons(given_words)
    assert together == [each for word in given_words for each in skeletons([word])]


@given(letters)
def test_a_skeleton_is_of_consonants_and_single_vowels(word: str) -> None:
    [skeleton] = skeletons([word])
    assert VOWELS * 2 not in skeleton
    assert set(consonants(skeleton)) <= set("BFTDSKHRLMN")


@given(letters, letters)
def test_likeness_is_a_share_and_of_like_consonants(one: str, other: str) -> None:
    first, second = skeletons([one, other])
    alike = likeness(first, second)
    assert 0.0 <= alike <= 1.0
    assert likeness(first, first) == (1.0 if first else 0.0)
    if alike:
        assert consonants(first) == consonants(second)
    if alike and likeness(second, first):
        assert first == second


def test_time_is_linear_in_the_letters() -> None:
    for flood in ("h", "sch", "الله", "aa", "تش"):
        [skeleton] = skeletons([flood * 100_000])
        assert len(skeleton) <= len(flood) * 100_000
