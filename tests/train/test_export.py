import json
from pathlib import Path
from typing import Any

import pytest

from mujaz_models.train.recipe import Shape

torch = pytest.importorskip("torch")

from mujaz_models.train.export import export  # noqa: E402 (needs torch)
from mujaz_models.train.model import TranslationModel, source_mask  # noqa: E402
from mujaz_models.train.vocabulary import Processors  # noqa: E402


@pytest.fixture
def exported(shape: Shape, vocabulary: Path, tmp_path: Path) -> tuple[Any, Path]:
    torch.manual_seed(4)
    processors = Processors.load(vocabulary)
    sizes = (processors.source.get_piece_size(), processors.target.get_piece_size())
    model = TranslationModel(shape, *sizes).eval()
    torch.nn.init.normal_(model.output_bias)
    model.memory_mean.normal_()
    model.memory_deviation.uniform_(0.5, 2)
    folder = tmp_path / "marian"
    export(model.state_dict(), shape, vocabulary, folder, ("ar", "en"))
    return model, folder


def test_the_folder_is_that_of_a_marian_checkpoint(exported: tuple[Any, Path]) -> None:
    _, folder = exported
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "source.spm",
        "target.spm",
        "target_vocab.json",
        "tokenizer_config.json",
        "vocab.json",
    ]
    config = json.loads((folder / "config.json").read_bytes())
    pieces = json.loads((folder / "target_vocab.json").read_bytes())
    assert pieces["</s>"] == config["eos_token_id"] == 0
    assert pieces["<unk>"] == 1
    assert pieces["<pad>"] == config["pad_token_id"] == config["decoder_vocab_size"] - 1
    assert len(pieces) == config["decoder_vocab_size"]


def test_transformers_computes_what_training_computes(exported: tuple[Any, Path]) -> None:
    transformers = pytest.importorskip("transformers")
    model, folder = exported
    theirs, info = transformers.MarianMTModel.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    theirs.eval()
    source, target = torch.randint(3, 40, (2, 9)), torch.randint(3, 30, (2, 6))
    with torch.no_grad():
        states = model.lower(source, source_mask(source), 3)
        memory = model.standardize(states, torch.zeros(2, dtype=torch.long))
        read = torch.cat([torch.zeros(2, 1, dtype=torch.long), target], 1)
        logits = model.decode(read, memory, None) @ model.target.tokens.weight.t()
        logits = logits + model.output_bias
        pad = theirs.config.pad_token_id
        moved = torch.cat([torch.full((2, 1), pad), target - 1], 1)
        found = theirs(input_ids=source - 1, decoder_input_ids=moved).logits
    torch.testing.assert_close(found[..., :-1], logits[..., 1:], rtol=1e-4, atol=1e-4)
