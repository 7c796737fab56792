import json
import shutil
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
from ctranslate2.converters import OpusMTConverter
from sentencepiece import SentencePieceProcessor

from models.reference import greedy
from models.tiny import (
    WIDTH,
    Floats,
    Tiny,
    convert,
    sentences,
    tiny,
    write_checkpoint,
    write_release,
)
from mujaz_models.convert import ConvertError, unpack_archive
from mujaz_models.convert.binary import read_variables
from mujaz_models.convert.golden import Golden
from mujaz_models.verify import verify
from mujaz_server.translation.engine import Decoding, Engine

_LONGEST = 24
_FORMS = [
    pytest.param(joint, activation, id=f"{'joint' if joint else 'separate'} and {activation}")
    for joint in (True, False)
    for activation in ("swish", "relu", "gelu")
]


def rows_of(model: Tiny) -> list[list[str]]:
    processor = SentencePieceProcessor(model_proto=model.source_pieces)
    return [[*processor.encode(text, out_type=str), "</s>"] for text in sentences(30)]


def translated(folder: Path, model: Tiny, beam: int = 1) -> list[tuple[list[str], float]]:
    translator = ctranslate2.Translator(str(folder), intra_threads=1)
    results = translator.translate_batch(
        rows_of(model),
        beam_size=beam,
        max_decoding_length=_LONGEST,
        disable_unk=True,
        return_scores=True,
    )
    return [(result.hypotheses[0], result.scores[0]) for result in results]


def texts(results: list[tuple[list[str], float]]) -> list[list[str]]:
    return [pieces for pieces, _ in results]


def release_of(model: Tiny, folder: Path) -> Path:
    archive = write_release(model, folder / "release.zip")
    unpack_archive(archive, folder / "release")
    return folder / "release"


@pytest.fixture(scope="module")
def model() -> Tiny:
    return tiny(joint=False, activation="swish")


@pytest.mark.parametrize(("joint", "activation"), _FORMS)
def test_float32_translates_as_the_paper_says(
    *, joint: bool, activation: str, tmp_path: Path
) -> None:
    model = tiny(joint=joint, activation=activation)
    convert(write_checkpoint(model, tmp_path / "checkpoint"), tmp_path / "made")
    ours = translated(tmp_path / "made", model)
    reference = [greedy(model, row, _LONGEST) for row in rows_of(model)]
    assert texts(ours) == texts(reference)
    assert [score for _, score in ours] == pytest.approx(
        [score for _, score in reference], abs=1e-4
    )
    assert len(set(map(tuple, texts(ours)))) > 10


@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("activation", ["swish", "relu"])
@pytest.mark.parametrize("joint", [True, False], ids=["joint", "separate"])
def test_a_checkpoint_and_a_release_of_the_same_weights_are_the_same_model(
    *, joint: bool, activation: str, quantization: str, tmp_path: Path
) -> None:
    model = tiny(joint=joint, activation=activation)
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "one", quantization=quantization)
    convert(release_of(model, tmp_path), tmp_path / "two", quantization=quantization)
    one, two = tmp_path / "one" / "model.bin", tmp_path / "two" / "model.bin"
    assert one.read_bytes() == two.read_bytes()
    for beam in (1, 4):
        assert translated(one.parent, model, beam) == translated(two.parent, model, beam)


def test_a_release_translates_as_by_the_converter_of_ctranslate2(
    model: Tiny, tmp_path: Path
) -> None:
    release = release_of(model, tmp_path)
    convert(release, tmp_path / "ours")
    OpusMTConverter(str(release)).convert(str(tmp_path / "stock"))
    stock = tmp_path / "stock" / "config.json"
    stock.write_text(json.dumps(json.loads(stock.read_bytes()) | {"add_source_eos": False}))
    for beam in (1, 4):
        ours, theirs = (translated(tmp_path / made, model, beam) for made in ("ours", "stock"))
        assert ours == theirs


def test_marian_means_another_gelu(tmp_path: Path) -> None:
    model = tiny(joint=True, activation="gelu")
    release = release_of(model, tmp_path)
    convert(release, tmp_path / "made")
    OpusMTConverter(str(release)).convert(str(tmp_path / "stock"))
    for made in ("made", "stock"):
        variables = {v.name: v.array for v in read_variables(tmp_path / made / "model.bin")}
        assert variables["encoder/activation"] == ctranslate2.specs.Activation.GELUSigmoid


@pytest.mark.parametrize("int8_range", [63, 127])
def test_int8_weights_stay_in_their_range(int8_range: int, model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    manifest = convert(checkpoint, tmp_path / "made", quantization="int8", int8_range=int8_range)
    assert (manifest.quantization, manifest.int8_range) == ("int8", int8_range)
    weights = [v for v in read_variables(tmp_path / "made" / "model.bin") if v.type == "int8"]
    matrices = [v.array.astype(np.int16) for v in weights if v.array.ndim == 2]
    assert len(matrices) == 2 + 2 * 4 + 2 * 7
    assert {int(np.abs(matrix).max()) for matrix in matrices} == {int8_range}


def test_int8_weights_are_the_nearest_to_the_float_ones(model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "made", quantization="int8")
    variables = {v.name: v.array for v in read_variables(tmp_path / "made" / "model.bin")}
    name = "encoder/layer_0/ffn/linear_0/weight"
    scale = variables[f"{name}_scale"].astype(np.float32)
    error = (
        variables[name].astype(np.float32) / scale[:, None]
        - model.weights["model.encoder.layers.0.fc1.weight"]
    )
    assert np.abs(error * scale[:, None]).max() <= 0.5 + 1e-4


@pytest.mark.parametrize(
    ("quantization", "expected"),
    [("int16", "int16"), ("float16", "float16"), ("float32", "float32")],
)
def test_other_weights_have_no_range(
    quantization: str, expected: str, model: Tiny, tmp_path: Path
) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    manifest = convert(checkpoint, tmp_path / "made", quantization=quantization)
    assert (manifest.quantization, manifest.int8_range) == (expected, None)


@pytest.mark.parametrize(("dtype", "precision"), [("F16", 2e-3), ("BF16", 2e-2)])
def test_half_precision_is_read(dtype: str, precision: float, model: Tiny, tmp_path: Path) -> None:
    convert(write_checkpoint(model, tmp_path / "checkpoint", dtype=dtype), tmp_path / "made")
    variables = {v.name: v.array for v in read_variables(tmp_path / "made" / "model.bin")}
    found = variables["decoder/embeddings/weight"]
    assert found == pytest.approx(
        model.weights["model.decoder.embed_tokens.weight"], rel=precision, abs=1e-3
    )


def test_pad_that_was_trained_starts_the_decoder_and_is_never_written(tmp_path: Path) -> None:
    model = tiny(joint=False, activation="swish")
    start: Floats = np.linspace(-9, 9, WIDTH, dtype=np.float32)
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint", pad=start)
    convert(checkpoint, tmp_path / "made")
    reference = [greedy(model, row, _LONGEST, start) for row in rows_of(model)]
    assert texts(translated(tmp_path / "made", model)) == texts(reference)
    assert texts(reference) != texts([greedy(model, row, _LONGEST) for row in rows_of(model)])


def test_the_engine_loads_what_was_made(model: Tiny, tmp_path: Path) -> None:
    manifest = convert(write_checkpoint(model, tmp_path / "checkpoint"), tmp_path / "made")
    engine = Engine.load(tmp_path / "made", verify(tmp_path / "made"))
    rows = [engine.encode(text) for text in sentences(5)]
    found = engine.translate(rows, Decoding())
    assert [one.source_tokens for one in found] == [len(row) for row in rows]
    assert (manifest.max_source_tokens, manifest.max_target_tokens) == (128, 288)


def test_the_manifest_says_where_the_model_came_from(model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    manifest = convert(checkpoint, tmp_path / "made", source_prefix=("▁",))
    assert manifest.provenance["made"] == "by a test"
    assert manifest.provenance["kind"] == "transformers MarianMT checkpoint"
    assert set(manifest.provenance["source_files"]) == {
        "config.json",
        "model.safetensors",
        "source.spm",
        "target.spm",
        "vocab.json",
        "target_vocab.json",
    }
    assert "CTranslate2" in manifest.provenance["converter"]
    assert manifest.source_prefix == ("▁",)


def test_the_card_ends_in_what_the_makers_say(model: Tiny, tmp_path: Path) -> None:
    release = release_of(model, tmp_path)
    (release / "README.md").write_text("# theirs")
    convert(release, tmp_path / "made")
    card = (tmp_path / "made" / "card.md").read_text()
    assert card.startswith("# tiny\n\n- ar to en.\n- Weights: float32, licence MIT.\n")
    assert card.endswith("## What its makers say\n\n# theirs\n")


def test_a_folder_of_ctranslate2_is_copied_and_its_end_of_source_left_to_the_engine(
    model: Tiny, tmp_path: Path
) -> None:
    stock = _stock(model, tmp_path, "int8")
    manifest = convert(stock, tmp_path / "made")
    assert (manifest.quantization, manifest.int8_range) == ("int8", 127)
    assert manifest.provenance["kind"] == "CTranslate2 model"
    assert (tmp_path / "made" / "model.bin").read_bytes() == (stock / "model.bin").read_bytes()
    assert json.loads((tmp_path / "made" / "config.json").read_bytes())["add_source_eos"] is False


def _stock(model: Tiny, folder: Path, quantization: str = "float32") -> Path:
    release = release_of(model, folder)
    OpusMTConverter(str(release)).convert(str(folder / "stock"), quantization=quantization)
    for name in ("source.spm", "target.spm"):
        shutil.copy(release / name, folder / "stock" / name)
    return folder / "stock"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("source_vocabulary.json", None, "lacks the vocabularies"),
        ("source.spm", None, "lacks source.spm"),
        ("config.json", None, "lacks config.json"),
        ("config.json", b"{", "config.json is not JSON"),
        ("config.json", b"[]", "config.json is not a JSON object"),
        ("mujaz.json", b"{}", "is a model of mujaz already"),
        ("model.bin", b"", "no model that CTranslate2 wrote"),
        ("model.bin", bytes(64), "no model that CTranslate2 wrote"),
        ("source_vocabulary.json", b'["</s>", "<unk>"]', "of another model"),
    ],
)
def test_a_folder_of_ctranslate2_that_is_not_whole_is_refused(
    name: str, content: bytes | None, message: str, model: Tiny, tmp_path: Path
) -> None:
    stock = _stock(model, tmp_path)
    if content is None:
        (stock / name).unlink()
    else:
        (stock / name).write_bytes(content)
    with pytest.raises(ConvertError) as caught:
        convert(stock, tmp_path / "made")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_that_are_cut_off_are_refused(model: Tiny, tmp_path: Path) -> None:
    stock = _stock(model, tmp_path)
    content = (stock / "model.bin").read_bytes()
    (stock / "model.bin").write_bytes(content[: len(content) // 2])
    with pytest.raises(ConvertError, match="no model that CTranslate2 wrote"):
        convert(stock, tmp_path / "made")


def test_a_pickle_needs_torch(model: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConvertError, match="needs torch to be read"):
        convert(checkpoint, tmp_path / "made")


def test_golden_sentences_are_held_against_the_floor(model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    pairs = (("قال المتحدث", "The spokesman said"),)
    convert(checkpoint, tmp_path / "good", golden=Golden(pairs, 0))
    assert "Golden sentences: " in (tmp_path / "good" / "card.md").read_text()
    with pytest.raises(ConvertError, match="under the floor of 90"):
        convert(checkpoint, tmp_path / "bad", golden=Golden(pairs, 90))
