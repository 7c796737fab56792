import json
import lzma
from pathlib import Path

import pytest

from mujaz_models.train.corpora import CorpusError, Pair
from mujaz_models.train.prepare import PAIRS, REPORT, HeldOut, Prepared, prepare, select
from mujaz_models.train.recipe import Substitution

LEAK_AR = "أعلن وزير الخارجية الفرنسي، يوم الاثنين، أن بلاده ستستضيف مؤتمرا دوليا."
LEAK_EN = "The French foreign minister announced on Monday that his country will host a conference."

OTHER_AR = "قال رئيس البلدية إن الأعمال ستبدأ"
OTHER_EN = "The mayor said that the works will begin"


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        pytest.param(LEAK_AR, OTHER_EN, id="the Arabic as it is"),
        pytest.param(OTHER_AR, LEAK_EN, id="the English as it is"),
        pytest.param(LEAK_AR.translate(str.maketrans("أ", "ا", "،.")), OTHER_EN, id="bare alifs"),
        pytest.param(OTHER_AR, LEAK_EN.upper().replace(".", "!"), id="capitals"),
        pytest.param("أَعلن " + LEAK_AR.removeprefix("أعلن "), OTHER_EN, id="a diacritic"),
        pytest.param(f"وفي باريس {LEAK_AR} وغادر بعد ذلك", OTHER_EN, id="inside a longer line"),
        pytest.param(OTHER_AR, " ".join(LEAK_EN.split()[2:11]), id="eight words of it"),
    ],
)
def test_a_leak_is_found(arabic: str, english: str) -> None:
    counts: dict[str, dict[str, int]] = {}
    kept = list(select([("c", [(arabic, english)])], HeldOut([LEAK_AR, LEAK_EN]), counts))
    assert kept == []
    assert counts["c"]["held_out"] == 1


@pytest.mark.parametrize(
    "english",
    [
        pytest.param(" ".join(LEAK_EN.split()[:7]), id="seven words in common"),
        pytest.param(LEAK_EN.replace("Monday", "Tuesday"), id="another day in the middle"),
        pytest.param("The minister announced.", id="the same words, a few"),
    ],
)
def test_what_only_resembles_the_set_stays(english: str) -> None:
    text = HeldOut([LEAK_EN])
    assert not text.holds(english)


def test_a_pair_is_kept_once_and_two_translations_are_two_pairs() -> None:
    counts: dict[str, dict[str, int]] = {}
    lines = [("نعم هنا", "Yes, here."), ("نعم، هنا", "yes here"), ("نعم هنا", "Here, yes.")]
    kept = list(select([("c", lines)], HeldOut([]), counts))
    assert [pair.english for _, pair in kept] == ["Yes, here.", "Here, yes."]
    assert counts["c"] == {"read": 3, "unclean": 0, "held_out": 0, "repeated": 1, "kept": 2}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    _corpus(folder / "light.tsv.xz", "نعم\tyes", "كلمة\tword")
    _corpus(folder / "heavy.tsv.xz", "نعم\tYes.", f"{LEAK_AR}\t{LEAK_EN}")
    (tmp_path / "set.tsv").write_text(f"{LEAK_AR}\t{LEAK_EN}\n", encoding="utf-8")
    (tmp_path / "work").mkdir()
    return folder


def _corpus(path: Path, *lines: str) -> None:
    path.write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode()))


WEIGHTS = {"light": 0.5, "heavy": 2.0}


def test_a_pair_of_two_corpora_stays_in_the_heavier_one(data: Path) -> None:
    work = data.parent / "work"
    made = prepare(WEIGHTS, [data], [data.parent / "set.tsv"], work)
    assert list(made.pairs) == [("heavy", Pair("نعم", "Yes.")), ("light", Pair("كلمة", "word"))]
    report = json.loads((work / REPORT).read_bytes())
    assert report["corpora"]["heavy"]["held_out"] == 1
    assert report["corpora"]["light"]["repeated"] == 1


def test_the_same_inputs_give_the_same_bytes(data: Path) -> None:
    work = data.parent / "work"
    held_out = [data.parent / "set.tsv"]
    first = prepare(WEIGHTS, [data], held_out, work)
    content = (work / PAIRS).read_bytes()
    (work / REPORT).unlink()
    assert prepare(WEIGHTS, [data], held_out, work) == first
    assert (work / PAIRS).read_bytes() == content


def test_nothing_is_made_anew_until_an_input_changes(data: Path) -> None:
    work = data.parent / "work"
    first = prepare(WEIGHTS, [data], [], work)
    before = (work / PAIRS).stat().st_mtime_ns
    assert prepare(WEIGHTS, [data], [], work).digest == first.digest
    assert (work / PAIRS).stat().st_mtime_ns == before
    assert prepare(WEIGHTS, [data], [data.parent / "set.tsv"], work).digest != first.digest
    _corpus(data / "light.tsv.xz", "جديد\tnew")
    assert ("light", Pair("جديد", "new")) in prepare(WEIGHTS, [data], [], work).pairs


def test_a_missing_corpus_is_named(data: Path) -> None:
    with pytest.raises(CorpusError, match=r"sport\.tsv\.xz is not in"):
        prepare({"sport": 1.0}, [data], [], data.parent / "work")


DERIVED = Substitution(of=("news",), times=2)
NEWS = "قتل 26 شخصا في دمشق الاثنين\t26 people were killed in Damascus on Monday"


@pytest.fixture
def news(data: Path) -> Path:
    _corpus(data / "news.tsv.xz", NEWS, "نعم\tyes")
    _corpus(data / "heavy.tsv.xz", "في دمشق\tin Damascus")
    return data


def _prepare(news: Path, *held_out: Path, seed: int = 1) -> Prepared:
    weights = {"news": 1.0, "heavy": 2.0, "substituted": 0.5}
    return prepare(weights, [news], held_out, news.parent / "work", DERIVED, seed)


def test_pairs_are_derived_of_the_corpora_named(news: Path) -> None:
    derived = [pair for name, pair in _prepare(news).pairs if name == "substituted"]
    assert len(derived) == 2
    assert all("people were killed in" in pair.english for pair in derived)
    report = json.loads((news.parent / "work" / REPORT).read_bytes())
    assert report["corpora"]["substituted"]["kept"] == 2
    assert report["corpora"]["substituted"]["read"] == 2


def test_what_is_derived_is_held_against_the_evaluation_sets(news: Path) -> None:
    derived = [pair for name, pair in _prepare(news).pairs if name == "substituted"]
    held_out = news.parent / "derived.tsv"
    held_out.write_text(f"{derived[0].arabic}\t{derived[0].english}\n", encoding="utf-8")
    again = [pair for name, pair in _prepare(news, held_out).pairs if name == "substituted"]
    assert derived[0] not in again
    report = json.loads((news.parent / "work" / REPORT).read_bytes())
    assert report["corpora"]["substituted"]["held_out"] >= 1


def test_another_seed_derives_other_pairs_and_no_seed_changes_the_rest(news: Path) -> None:
    one, two = _prepare(news), _prepare(news, seed=2)
    assert one == _prepare(news)
    assert one.digest != two.digest
    assert one.pairs != two.pairs
    assert one.pairs[:-2] == two.pairs[:-2]
