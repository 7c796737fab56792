"""What transformers makes of the same checkpoints; skipped where it is not installed."""

from pathlib import Path

import ctranslate2
import pytest
from sentencepiece import SentencePieceProcessor

from models.tiny import END, UNKNOWN, convert, sentences, tiny, write_checkpoint
from mujaz_models.convert import ConvertError
from mujaz_models.convert.pickled import read_pickled
from mujaz_models.convert.safetensors import read_safetensors

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize("joint", [True, False], ids=["joint", "separate"])
def test_greedy_search_of_transformers_translates_alike(*, joint: bool, tmp_path: Path) -> None:
    model = tiny(joint=joint, activation="gelu")
    checkpoint = write_checkpoint(model, tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "made")
    processor = SentencePieceProcessor(model_proto=model.source_pieces)
    rows = [[*processor.encode(text, out_type=str), "</s>"] for text in sentences(20)]
    results = ctranslate2.Translator(str(tmp_path / "made"), intra_threads=1).translate_batch(
        rows, beam_size=1, max_decoding_length=24, disable_unk=True
    )
    theirs = transformers.MarianMTModel.from_pretrained(checkpoint).eval()
    pad = len(model.target_vocabulary)
    theirs.final_logits_bias[0, [pad, UNKNOWN]] = -1e9
    ids = {piece: id_ for id_, piece in enumerate(model.source_vocabulary)}
    for row, result in zip(rows, results, strict=True):
        (output,) = theirs.generate(
            torch.tensor([[ids.get(piece, UNKNOWN) for piece in row]]),
            num_beams=1,
            do_sample=False,
            min_new_tokens=1,
            max_new_tokens=24,
            forced_eos_token_id=None,
        ).tolist()
        pieces = [model.target_vocabulary[id_] for id_ in output if id_ not in {END, pad}]
        assert pieces == result.hypotheses[0]


def test_a_pickle_of_tensors_is_read_and_another_refused(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tiny(joint=True, activation="gelu"), tmp_path / "checkpoint")
    weights = read_safetensors(checkpoint / "model.safetensors")
    state = {name: torch.from_numpy(weights.raw(name).copy()) for name in weights.names()}
    torch.save(state, checkpoint / "pytorch_model.bin")
    read = read_pickled(checkpoint / "pytorch_model.bin")
    assert all((read.raw(name) == weights.raw(name)).all() for name in weights.names())
    torch.save({"weights": Path("any object")}, checkpoint / "pytorch_model.bin")
    with pytest.raises(ConvertError, match=r"pytorch_model\.bin is refused"):
        read_pickled(checkpoint / "pytorch_model.bin")
