import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.tiny import (
    INNER,
    POSITIONS,
    WIDTH,
    Floats,
    Tiny,
    config_of,
    convert,
    padded,
    tiny,
    write_checkpoint,
    write_safetensors,
)
from mujaz_models.convert import ConvertError


@pytest.fixture(scope="module")
def model() -> Tiny:
    return tiny(joint=False, activation="swish")


def _config(**changed: object) -> Callable[[Path, Tiny], None]:
    def spoil(folder: Path, model: Tiny) -> None:
        (folder / "config.json").write_text(json.dumps(config_of(model) | changed))

    return spoil


def _weights(change: Callable[[dict[str, Floats]], object]) -> Callable[[Path, Tiny], None]:
    def spoil(folder: Path, model: Tiny) -> None:
        weights = padded(model)
        change(weights)
        write_safetensors(folder / "model.safetensors", weights)

    return spoil


def _file(name: str, content: bytes | None) -> Callable[[Path, Tiny], None]:
    def spoil(folder: Path, _model: Tiny) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    return spoil


def _tensor(start: int, end: int) -> bytes:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [start, end]}
    header = json.dumps({"lm_head.weight": entry}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


_BIAS = "model.encoder.layers.0.fc1.bias"
_NAN = {_BIAS: np.full(INNER, np.nan, np.float32)}
_LEARNT = {
    "model.encoder.embed_positions.weight": np.ones((POSITIONS, WIDTH), np.float32),
}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(_config(model_type="bart"), "model_type is 'bart'", id="another model"),
        pytest.param(_config(normalize_before=True), "normalize_before", id="pre-norm"),
        pytest.param(_config(activation_function="mish"), "'mish' is none of", id="activation"),
        pytest.param(_config(encoder_layers=10**9), "encoder_layers must be", id="many layers"),
        pytest.param(_config(encoder_layers=True), "encoder_layers must be", id="no number"),
        pytest.param(_config(encoder_layers=3), "lacks the tensor model.enc", id="layers missing"),
        pytest.param(_config(encoder_attention_heads=5), "5 heads do not divide", id="heads"),
        pytest.param(_config(d_model=64), "has shape", id="another width"),
        pytest.param(_config(decoder_start_token_id=0), "starts with '</s>'", id="another start"),
        pytest.param(_config(decoder_start_token_id=9999), "no piece's id", id="start beyond"),
        pytest.param(_file("config.json", b"{"), "config.json is not JSON", id="config cut off"),
        pytest.param(_file("config.json", b"[]"), "not a JSON object", id="config of a list"),
        pytest.param(_file("target_vocab.json", None), "lacks target_vocab.json", id="no target"),
        pytest.param(_file("source.spm", None), "lacks source.spm", id="no pieces"),
        pytest.param(_file("source.spm", b"none"), "no SentencePiece model", id="pieces damaged"),
        pytest.param(_file("model.safetensors", None), "holds neither model.saf", id="no weights"),
        pytest.param(_file("model.safetensors", b"short"), "not a safetensors", id="weights cut"),
        pytest.param(
            _file("model.safetensors", b"\xff" * 80), "not a safetensors", id="a huge header"
        ),
        pytest.param(
            _file("model.safetensors", _tensor(0, 1 << 40)), "not a safetensors", id="out of bounds"
        ),
        pytest.param(
            _file("model.safetensors", _tensor(0, 4)), "not a safetensors", id="too few bytes"
        ),
        pytest.param(_file("vocab.json", b'{"a": 0}'), "lacks </s>, <unk>", id="no end piece"),
        pytest.param(_file("vocab.json", b'{"</s>": 0, "<unk>": 0}'), "ids 0, 1", id="twice 0"),
        pytest.param(_file("vocab.json", b'["</s>"]'), "map pieces to ids", id="a list of pieces"),
        pytest.param(_weights(lambda w: w.pop(_BIAS)), f"lacks the tensor {_BIAS}", id="no bias"),
        pytest.param(_weights(lambda w: w.update(_NAN)), "not finite", id="not numbers"),
        pytest.param(
            _weights(lambda w: w.update(_LEARNT)), "learnt positions", id="learnt positions"
        ),
    ],
)
def test_what_is_no_marianmt_is_refused_in_one_line(
    spoil: Callable[[Path, Tiny], None], message: str, tmp_path: Path
) -> None:
    model = tiny(joint=False, activation="swish")
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    spoil(checkpoint, model)
    with pytest.raises(ConvertError) as caught:
        convert(checkpoint, tmp_path / "made")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pieces_of_another_model_are_noticed(model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    (checkpoint / "source.spm").write_bytes(model.target_pieces)
    with pytest.raises(ConvertError, match=r"source\.spm is of another model"):
        convert(checkpoint, tmp_path / "made")


def test_a_prefix_that_the_model_does_not_know_is_refused(model: Tiny, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    with pytest.raises(ConvertError, match=">>eng<<"):
        convert(checkpoint, tmp_path / "made", source_prefix=(">>eng<<",))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"quantization": "int4"}, "quantization must be one of"),
        ({"int8_range": 100}, "int8_range must be 63 or 127"),
    ],
)
def test_what_cannot_be_made_is_refused(
    asked: dict[str, object], message: str, model: Tiny, tmp_path: Path
) -> None:
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    with pytest.raises(ConvertError, match=message):
        convert(checkpoint, tmp_path / "made", **asked)


def test_a_folder_of_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConvertError, match="holds none of"):
        convert(tmp_path / "empty", tmp_path / "made")
