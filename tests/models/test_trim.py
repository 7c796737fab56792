import json
from dataclasses import replace
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from models.tiny import Tiny, convert, sentences, tiny, write_checkpoint, write_release
from mujaz_models.convert import ConvertError, trim, unpack_archive
from mujaz_models.convert.binary import read_variables
from mujaz_models.convert.form import Marian, restricted
from mujaz_models.convert.pieces import hands_out, pieces_of
from mujaz_models.convert.scripts import foreign_script, scripts_of
from mujaz_models.manifest import Manifest
from mujaz_models.verify import verify

_LONGEST = 24
_NEVER = -30  # a bias, as training gives to pieces that are never written


@pytest.fixture
def model() -> Tiny:
    return tiny(joint=True, activation="swish")


@pytest.fixture
def checkpoint(model: Tiny, tmp_path: Path) -> Path:
    return write_checkpoint(model, tmp_path / "checkpoint")


def trained(model: Tiny) -> Tiny:
    """The model as training leaves one: what is never written never wins."""
    made = pieces_of(SentencePieceProcessor(model_proto=model.target_pieces))
    bias = model.weights["final_logits_bias"].copy()
    never = [id_ for id_, piece in enumerate(model.target_vocabulary[2:], 2) if piece not in made]
    bias[0, never] = _NEVER
    return replace(model, weights=model.weights | {"final_logits_bias": bias})


def vocabulary(folder: Path, side: str) -> list[str]:
    pieces: list[str] = json.loads((folder / f"{side}_vocabulary.json").read_bytes())
    return pieces


def dropped(model: Tiny, folder: Path) -> list[str]:
    return sorted(set(model.target_vocabulary) - set(vocabulary(folder, "target")))


def translated(
    folder: Path, model: Tiny, beam: int, suppressed: list[str] | None = None
) -> list[tuple[list[str], float]]:
    processor = SentencePieceProcessor(model_proto=model.source_pieces)
    results = ctranslate2.Translator(str(folder), intra_threads=1).translate_batch(
        [[*processor.encode(text, out_type=str), "</s>"] for text in sentences(30)],
        beam_size=beam,
        max_decoding_length=_LONGEST,
        disable_unk=True,
        return_scores=True,
        suppress_sequences=[[piece] for piece in suppressed] if suppressed else None,
    )
    return [(result.hypotheses[0], result.scores[0]) for result in results]


def texts(results: list[tuple[list[str], float]]) -> list[list[str]]:
    return [pieces for pieces, _ in results]


@pytest.mark.parametrize(
    ("piece", "script"),
    [
        pytest.param("▁the", None, id="Latin"),
        pytest.param("▁Müller", None, id="Latin with marks"),
        pytest.param("ﬁ", None, id="a ligature"),
        pytest.param("Ａ", None, id="fullwidth Latin"),
        pytest.param("ª", None, id="an ordinal"),
        pytest.param("▁2019", None, id="digits"),
        pytest.param("٣٤", None, id="Arabic digits"),
        pytest.param("،", None, id="an Arabic comma"),
        pytest.param("\N{ARABIC FATHA}", None, id="a mark of Arabic alone"),
        pytest.param("▁$", None, id="a currency"),
        pytest.param("€", None, id="another currency"),
        pytest.param("°C", None, id="a unit"),
        pytest.param("\N{MICRO SIGN}g", None, id="a small unit"),
        pytest.param("α", None, id="Greek"),
        pytest.param("𝑥", None, id="mathematics"),
        pytest.param("😀", None, id="an emoji"),
        pytest.param("▁", None, id="a space alone"),
        pytest.param("", None, id="nothing"),
        pytest.param("▁في", "ARABIC", id="Arabic"),
        pytest.param("ـ", "ARABIC", id="a tatweel"),
        pytest.param("ﻻ", "ARABIC", id="a presentation form"),
        pytest.param("al-علي", "ARABIC", id="Latin and Arabic"),
        pytest.param("گ", "ARABIC", id="Persian"),
        pytest.param("Мир", "CYRILLIC", id="Cyrillic"),
        pytest.param("של", "HEBREW", id="Hebrew"),
        pytest.param("新", "CJK", id="Chinese"),
        pytest.param("カ", "KATAKANA", id="Japanese"),
        pytest.param("ｶ", "KATAKANA", id="halfwidth Japanese"),
        pytest.param("한", "HANGUL", id="Korean"),
        pytest.param("हि", "DEVANAGARI", id="Hindi"),
        pytest.param("ไทย", "THAI", id="Thai"),
    ],
)
def test_the_script_that_is_foreign_to_english(piece: str, script: str | None) -> None:
    english = scripts_of("en-GB")
    assert english is not None
    assert foreign_script(piece, english) == script


@pytest.mark.parametrize(
    ("language", "piece", "script"),
    [
        pytest.param("ar", "في", None, id="Arabic is Arabic's own"),
        pytest.param("AR-SY", "iPhone", None, id="names are Latin in Arabic too"),
        pytest.param("ar", "Мир", "CYRILLIC", id="Cyrillic is not"),
    ],
)
def test_another_language_has_other_scripts(language: str, piece: str, script: str | None) -> None:
    scripts = scripts_of(language)
    assert scripts is not None
    assert foreign_script(piece, scripts) == script


def test_of_a_language_that_is_not_known_no_script_is_foreign() -> None:
    assert scripts_of("am") is None


@given(st.text(), st.text())
def test_a_piece_is_foreign_if_a_part_of_it_is(first: str, second: str) -> None:
    latin = frozenset({"LATIN"})
    found = foreign_script(first + second, latin)
    assert found == (foreign_script(first, latin) or foreign_script(second, latin))
    assert found is None or any(letter.isalpha() for letter in first + second)
    assert foreign_script(first, latin | {found or ""}) != (found or "none")


@given(st.text() | st.text(alphabet="اعلنتوزر لقاءThe forignmstyé€😀٣"))
def test_all_that_a_sentencepiece_model_makes_of_a_text_is_told_beforehand(text: str) -> None:
    model = tiny(joint=True, activation="swish")
    for content in (model.source_pieces, model.target_pieces):
        processor = SentencePieceProcessor(model_proto=content)
        made = pieces_of(processor)
        assert all(hands_out(made, piece) for piece in processor.encode(text, out_type=str))


def test_each_side_keeps_what_it_can_have(model: Tiny, checkpoint: Path, tmp_path: Path) -> None:
    cuts = convert(checkpoint, tmp_path / "made", trim=True).provenance["trimmed"]
    rules = {
        "source": {"not made by source.spm"},
        "target": {"not made by target.spm", "has a letter of ARABIC"},
    }
    for side, content in (("source", model.source_pieces), ("target", model.target_pieces)):
        kept = vocabulary(tmp_path / "made", side)
        assert kept == [piece for piece in model.target_vocabulary if piece in set(kept)]
        made = pieces_of(SentencePieceProcessor(model_proto=content)) - {"<s>"}
        assert made <= set(kept)
        assert set(cuts[side]["dropped"]) == rules[side]
        assert cuts[side]["kept"] == len(kept)
        assert cuts[side]["pieces"] == len(model.target_vocabulary)
        assert sum(cuts[side]["dropped"].values()) == len(model.target_vocabulary) - len(kept)
    source, target = (set(vocabulary(tmp_path / "made", side)) for side in cuts)
    assert {"▁ال", "ال", "▁Th"} & source == {"▁ال", "ال"}
    assert {"▁ال", "ال", "▁Th"} & target == {"▁Th"}
    verify(tmp_path / "made")


def test_letters_of_another_script_leave_a_target_that_could_make_them(tmp_path: Path) -> None:
    model = tiny(joint=True, activation="swish", one=True)
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    manifest = convert(checkpoint, tmp_path / "made", trim=True)
    arabic = [p for p in model.target_vocabulary if any("ء" <= letter <= "ي" for letter in p)]
    assert dropped(model, tmp_path / "made") == sorted(arabic)
    assert vocabulary(tmp_path / "made", "source") == model.source_vocabulary
    assert manifest.provenance["trimmed"]["target"]["dropped"] == {
        "has a letter of ARABIC": len(arabic)
    }


@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("beam", [1, 4])
def test_what_is_kept_translates_as_if_the_rest_were_forbidden(
    beam: int, quantization: str, model: Tiny, checkpoint: Path, tmp_path: Path
) -> None:
    convert(checkpoint, tmp_path / "whole", quantization=quantization)
    convert(checkpoint, tmp_path / "made", trim=True, quantization=quantization)
    gone = dropped(model, tmp_path / "made")
    assert len(gone) > 20
    ours = translated(tmp_path / "made", model, beam)
    theirs = translated(tmp_path / "whole", model, beam, suppressed=gone)
    assert texts(ours) == texts(theirs)
    assert [s for _, s in ours] == pytest.approx([s for _, s in theirs], abs=1e-4)
    assert texts(ours) != texts(translated(tmp_path / "whole", model, beam))


@pytest.mark.parametrize("beam", [1, 4])
def test_what_training_never_wrote_is_not_missed(beam: int, model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(trained(model), tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "whole", quantization="int8")
    convert(checkpoint, tmp_path / "made", trim=True, quantization="int8")
    ours, theirs = (translated(tmp_path / name, model, beam) for name in ("made", "whole"))
    assert texts(ours) == texts(theirs)
    assert [s for _, s in ours] == pytest.approx([s for _, s in theirs], abs=1e-4)


def test_a_piece_that_was_wrongly_left_out_is_missed(
    model: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = write_checkpoint(trained(model), tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "whole")
    first = texts(translated(tmp_path / "whole", model, 1))[0][0]

    def without_it(model: Marian, source: np.ndarray, target: np.ndarray) -> Marian:
        target[model.target_vocabulary.index(first)] = False
        return restricted(model, source, target)

    monkeypatch.setattr(trim, "restricted", without_it)
    convert(checkpoint, tmp_path / "made", trim=True)
    ours, theirs = (translated(tmp_path / name, model, 1) for name in ("made", "whole"))
    assert texts(ours) != texts(theirs)


def test_the_matrices_are_cut_and_the_target_is_held_once(checkpoint: Path, tmp_path: Path) -> None:
    cuts = convert(checkpoint, tmp_path / "made", trim=True).provenance["trimmed"]
    shapes = {v.name: v.array.shape for v in read_variables(tmp_path / "made" / "model.bin")}
    assert shapes["encoder/embeddings_0/weight"][0] == cuts["source"]["kept"]
    assert shapes["decoder/embeddings/weight"][0] == cuts["target"]["kept"]
    assert shapes["decoder/projection/bias"] == (cuts["target"]["kept"],)
    assert "decoder/projection/weight" not in shapes


def test_where_nothing_can_go_the_model_is_the_same(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tiny(joint=False, activation="swish"), tmp_path / "checkpoint")
    manifest = convert(checkpoint, tmp_path / "made", trim=True)
    convert(checkpoint, tmp_path / "whole")
    made, whole = (tmp_path / name / "model.bin" for name in ("made", "whole"))
    assert made.read_bytes() == whole.read_bytes()
    assert [cut["dropped"] for cut in manifest.provenance["trimmed"].values()] == [{}, {}]


def test_a_checkpoint_and_a_release_are_trimmed_alike(
    model: Tiny, checkpoint: Path, tmp_path: Path
) -> None:
    unpack_archive(write_release(model, tmp_path / "release.zip"), tmp_path / "release")
    one = convert(checkpoint, tmp_path / "one", trim=True)
    two = convert(tmp_path / "release", tmp_path / "two", trim=True)
    assert one.files["model.bin"] == two.files["model.bin"]
    assert one.provenance["trimmed"] == two.provenance["trimmed"]


def test_tokens_before_a_source_bytes_and_a_trained_start_stay(tmp_path: Path) -> None:
    model = tiny(joint=True, activation="swish")
    special = [">>eng<<", "<0x0A>", "__eng__"]
    pieces = [*model.source_vocabulary, *special]
    rows = np.ones((len(special), 32), np.float32)
    weights = dict(model.weights)
    for side in ("encoder", "decoder"):
        name = f"model.{side}.embed_tokens.weight"
        weights[name] = np.concatenate([weights[name], rows])
    bias = np.zeros((1, len(special)), np.float32)
    weights["final_logits_bias"] = np.concatenate([weights["final_logits_bias"], bias], axis=1)
    more = replace(model, source_vocabulary=pieces, target_vocabulary=pieces, weights=weights)
    start = np.linspace(-9, 9, 32, dtype=np.float32)
    checkpoint = write_checkpoint(more, tmp_path / "checkpoint", pad=start)
    manifest = convert(checkpoint, tmp_path / "made", trim=True, source_prefix=("__eng__",))
    assert manifest.source_prefix == ("__eng__",)
    source, target = (vocabulary(tmp_path / "made", side) for side in ("source", "target"))
    assert source[-4:] == [*special, "<pad>"]
    assert target[-3:] == [*special[:2], "<pad>"]
    assert translated(tmp_path / "made", model, 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("target.spm", b"none", "target.spm is no SentencePiece model", id="damaged"),
        pytest.param("source.spm", None, "source.spm is of another model", id="of another model"),
    ],
)
def test_a_model_whose_pieces_are_not_known_is_refused(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    model = tiny(joint=False, activation="swish")
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    (checkpoint / name).write_bytes(model.target_pieces if content is None else content)
    with pytest.raises(ConvertError, match=message):
        convert(checkpoint, tmp_path / "made", trim=True)


def test_a_folder_of_ctranslate2_is_taken_as_it_is(checkpoint: Path, tmp_path: Path) -> None:
    convert(checkpoint, tmp_path / "whole")
    (tmp_path / "whole" / "mujaz.json").unlink()
    manifest = convert(tmp_path / "whole", tmp_path / "made", trim=True)
    assert manifest.provenance["trimmed"] is None
    assert len(vocabulary(tmp_path / "made", "shared")) > 100


def test_the_card_and_the_manifest_say_what_went(checkpoint: Path, tmp_path: Path) -> None:
    cuts = convert(checkpoint, tmp_path / "made", trim=True).provenance["trimmed"]
    sides = (f"{cuts[side]['kept']} of {cuts[side]['pieces']} as {side}" for side in cuts)
    line = f"- Pieces: {', '.join(sides)}; the others were trimmed.\n"
    assert line in (tmp_path / "made" / "card.md").read_text(encoding="utf-8")
    assert Manifest.load(tmp_path / "made").provenance["trimmed"] == cuts
