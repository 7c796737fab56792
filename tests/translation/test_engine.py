"""The real model. Int8 kernels differ between processors, so exact words are nowhere expected."""

import itertools
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sacrebleu.metrics.chrf import CHRF

from mujaz_models import store
from mujaz_models.manifest import Manifest, hash_file
from mujaz_server.translation.engine import Decoding, Engine, EngineError

GREEDY = Decoding()
SENTENCES = [
    "قتل اربعة جنود واصيب 13 اخرون بجروح في قصف على معسكر للجيش السوري.",
    "اعلن الرئيس الفرنسي الاثنين انه سيزور مصر في مارس 2014.",
    "وقال مدير المرصد ان 36 شخصا قتلوا في الغارات.",
    "ارتفع سعر النفط الخميس.",
]
# What the model said on one processor; another may say it a little differently.
EXPECTED = [
    "Four soldiers were killed and 13 others wounded in bombardment on the Syrian army camp.",
    "The French president announced on Monday that he would visit Egypt in March 2014.",
    "The Observatory director said 36 people were killed in raids.",
    "Oil rate rose on Thursday.",
]
KEPT = [["soldiers", "13"], ["Egypt", "2014"], ["36", "killed"], ["Thursday"]]
CHRF_FLOOR = 60


def rows(engine: Engine, *texts: str) -> list[list[str]]:
    return [engine.encode(text) for text in texts]


@pytest.mark.parametrize("beam", [1, 2, 4])
def test_it_translates_with_the_words_and_numbers_that_matter(engine: Engine, beam: int) -> None:
    translations = engine.translate(rows(engine, *SENTENCES), Decoding(beam_size=beam))
    texts = [translation.text for translation in translations]
    for text, kept in zip(texts, KEPT, strict=True):
        assert all(word in text for word in kept), text
    assert CHRF().corpus_score(texts, [EXPECTED]).score > CHRF_FLOOR


def test_the_order_is_that_of_the_rows_whatever_their_lengths(engine: Engine) -> None:
    long, short = SENTENCES[0], SENTENCES[3]
    texts = [t.text for t in engine.translate(rows(engine, short, long, short, long), GREEDY)]
    assert texts[0] == texts[2]
    assert texts[1] == texts[3]
    assert "13" in texts[1]


def test_a_translation_counts_tokens_and_tells_its_score(engine: Engine) -> None:
    pieces = engine.encode(SENTENCES[3])
    (translation,) = engine.translate([pieces], GREEDY)
    assert translation.source_tokens == len(pieces)
    assert 3 <= translation.target_tokens <= 12
    assert -3 < translation.score < 0
    assert not translation.truncated
    assert translation.alternatives == ()


def test_alternatives_differ_from_the_best_and_from_one_another(engine: Engine) -> None:
    decoding = Decoding(beam_size=5, hypotheses=5)
    (translation,) = engine.translate(rows(engine, SENTENCES[1]), decoding)
    assert 1 <= len(translation.alternatives) <= 4
    assert len({translation.text, *translation.alternatives}) == 1 + len(translation.alternatives)


def test_no_rows_give_no_translations(engine: Engine) -> None:
    assert engine.translate([], GREEDY) == []


def test_a_row_that_reaches_the_output_limit_is_marked(engine: Engine) -> None:
    folder = store.embedded()
    short = Engine.load(folder, replace(Manifest.load(folder), max_target_tokens=4))
    (cut,) = short.translate(rows(engine, SENTENCES[0]), GREEDY)
    short.close()
    assert cut.truncated
    assert cut.target_tokens == 4


def test_an_output_of_exactly_the_limit_that_ended_by_itself_is_not_marked(engine: Engine) -> None:
    (free,) = engine.translate(rows(engine, SENTENCES[3]), GREEDY)
    folder = store.embedded()
    limit = free.target_tokens + 1  # with `</s>`
    exact = Engine.load(folder, replace(Manifest.load(folder), max_target_tokens=limit))
    (translation,) = exact.translate(rows(engine, SENTENCES[3]), GREEDY)
    exact.close()
    assert translation.text == free.text
    assert not translation.truncated


@pytest.mark.parametrize("length", [0, 97])
def test_a_row_of_a_length_that_should_not_come_is_a_bug(engine: Engine, length: int) -> None:
    with pytest.raises(ValueError, match="This is a bug"):
        engine.translate([["▁و"], ["▁و"] * length], GREEDY)


def test_the_longest_row_is_translated(engine: Engine) -> None:
    row = (engine.encode(SENTENCES[0]) * 10)[: engine.max_source_tokens]
    (translation,) = engine.translate([row], GREEDY)
    assert translation.source_tokens == engine.max_source_tokens


@pytest.mark.parametrize(("beam", "hypotheses"), [(1, 2), (0, 0), (4, 0), (2, 3)])
def test_a_decoding_that_no_beam_yields_is_a_bug(beam: int, hypotheses: int) -> None:
    with pytest.raises(ValueError, match="This is a bug"):
        Decoding(beam_size=beam, hypotheses=hypotheses)


@pytest.mark.parametrize(
    "text", ["😀 ☂ 中文", "<unk> </s> <pad> <s>", "⁇ ⁇", "a\x00b", "ﷺ" * 5, "ظ" * 90, "ქართული"]
)
@pytest.mark.parametrize("beam", [1, 2])
def test_nothing_unknown_and_no_second_line_reaches_the_reader(
    engine: Engine, text: str, beam: int
) -> None:
    row = engine.encode(text)[: engine.max_source_tokens]
    (translation,) = engine.translate([row], Decoding(beam_size=beam))
    assert "\N{DOUBLE QUESTION MARK}" not in translation.text
    assert "<unk>" not in translation.text
    assert translation.text == " ".join(translation.text.split())


def test_stricter_decoding_says_nothing_three_times(engine: Engine) -> None:
    decoding = Decoding(beam_size=2, no_repeat_ngram_size=2, repetition_penalty=1.2)
    (translation,) = engine.translate([engine.encode("جدا " * 20)], decoding)
    words = translation.text.split()
    pairs = list(itertools.pairwise(words))
    assert len(pairs) < 60
    assert all(pairs.count(pair) <= 2 for pair in pairs)


class TestRowsWhoseReaderIsGone:
    """The first batch of an engine, of whose pace nothing is known yet: so it is asked."""

    @pytest.fixture
    def fresh(self) -> Iterator[Engine]:
        folder = store.embedded()
        loaded = Engine.load(folder, Manifest.load(folder))
        yield loaded
        loaded.close()

    @pytest.fixture
    def batch(self, engine: Engine) -> list[list[str]]:
        """Four short rows and a long one, among which any may be left."""
        long = engine.encode(" ".join(SENTENCES * 2))[: engine.max_source_tokens]
        return [*rows(engine, *SENTENCES), long]

    @pytest.mark.parametrize("left", [1, 4], ids=["a-short-one", "the-long-one"])
    def test_the_row_ends_and_the_others_do_not_notice(
        self, fresh: Engine, batch: list[list[str]], left: int
    ) -> None:
        some = fresh.translate(batch, GREEDY, gone=lambda row: row == left)
        whole = fresh.translate(batch, GREEDY)
        assert some[left].truncated
        assert some[left].target_tokens < whole[left].target_tokens
        assert [t.text for i, t in enumerate(some) if i != left] == [
            t.text for i, t in enumerate(whole) if i != left
        ]

    def test_a_long_row_ends_at_its_next_step(self, fresh: Engine, batch: list[list[str]]) -> None:
        steps = itertools.count()
        (cut,) = fresh.translate([batch[-1]], GREEDY, gone=lambda _: next(steps) == 5)
        assert cut.truncated
        assert cut.target_tokens == 6

    def test_each_row_is_asked_by_its_own_index(
        self, fresh: Engine, batch: list[list[str]]
    ) -> None:
        asked: set[int] = set()

        def gone(row: int) -> bool:
            asked.add(row)
            return False

        fresh.translate(batch, GREEDY, gone)
        assert asked == {0, 1, 2, 3, 4}

    def test_a_wider_beam_is_not_asked(self, fresh: Engine, batch: list[list[str]]) -> None:
        def never_asked(row: int) -> bool:
            raise AssertionError(row)

        fresh.translate(batch, Decoding(beam_size=2), never_asked)


class TestThreads:
    def test_many_threads_get_their_own_answers(self, engine: Engine) -> None:
        def translate(index: int) -> bool:
            text = SENTENCES[index % 4]
            (translation,) = engine.translate(rows(engine, text), GREEDY)
            return all(word in translation.text for word in KEPT[index % 4])

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(translate, range(32)))

    def test_python_runs_on_while_a_batch_is_translated(self, engine: Engine) -> None:
        done = threading.Event()
        longest = 0.0

        def watch() -> None:
            nonlocal longest
            last = time.perf_counter()
            while not done.is_set():
                now = time.perf_counter()
                longest, last = max(longest, now - last), now

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        engine.translate([engine.encode(SENTENCES[0])] * 32, Decoding(beam_size=4))
        took = time.perf_counter() - started
        done.set()
        watcher.join()
        assert longest < took / 2


class TestLoading:
    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        for path in store.embedded().iterdir():
            _link_or_copy(path, tmp_path / path.name)
        return tmp_path

    @pytest.mark.parametrize("name", ["config.json", "source.spm", "target_vocabulary.json"])
    @pytest.mark.parametrize(
        "damage",
        [
            pytest.param(lambda content: content[:-1] + bytes([content[-1] ^ 1]), id="bit-flipped"),
            pytest.param(lambda content: content[:-1], id="cut"),
            pytest.param(lambda _: None, id="missing"),
        ],
    )
    def test_a_damaged_file_is_an_error_with_a_remedy(
        self, copy: Path, name: str, damage: Callable[[bytes], bytes | None]
    ) -> None:
        content = damage((copy / name).read_bytes())
        (copy / name).unlink()  # the link, not what it is linked to
        if content is not None:
            (copy / name).write_bytes(content)
        with pytest.raises(EngineError) as caught:
            Engine.load(copy, Manifest.load(copy))
        assert name in str(caught.value)
        assert "convert" in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["config.json", "source.spm", "target_vocabulary.json"])
    def test_true_hashes_of_junk_do_not_load(self, copy: Path, name: str) -> None:
        (copy / name).unlink()
        (copy / name).write_bytes(b"junk")
        manifest = Manifest.load(copy)
        damaged = replace(manifest, files={**manifest.files, name: hash_file(copy / name)})
        with pytest.raises(EngineError, match="does not load"):
            Engine.load(copy, damaged)

    def test_a_model_that_does_not_name_its_pieces_is_refused(self, copy: Path) -> None:
        manifest = Manifest.load(copy)
        files = {name: entry for name, entry in manifest.files.items() if name != "source.spm"}
        with pytest.raises(EngineError, match="does not name"):
            Engine.load(copy, replace(manifest, files=files))

    def test_another_architecture_is_refused_by_name(self, copy: Path) -> None:
        with pytest.raises(EngineError, match="nllb"):
            Engine.load(copy, replace(Manifest.load(copy), architecture="nllb"))

    def test_a_closed_engine_translates_no_more(self, copy: Path) -> None:
        engine = Engine.load(copy, Manifest.load(copy))
        engine.close()
        with pytest.raises(RuntimeError):
            engine.translate(rows(engine, "شكرا"), GREEDY)
        with pytest.raises(EngineError, match="does not translate"):
            engine.warm_up()


def _link_or_copy(path: Path, place: Path) -> None:
    try:
        place.hardlink_to(path)
    except OSError:  # another file system
        shutil.copy(path, place)
