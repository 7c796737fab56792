"""The first checkpoint: the pretrained encoder, baked, and a decoder that knows nothing yet.

Decoder layers that start from the encoder's own were no better after 140,000 target tokens, so
they start from chance; the target embeddings start from the encoder's.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from mujaz_models.train import corpora, encoder, pruning, spelling
from mujaz_models.train.bake import bake
from mujaz_models.train.batches import pad
from mujaz_models.train.checkpoint import Checkpoint
from mujaz_models.train.corpora import Pair
from mujaz_models.train.model import TranslationModel, source_mask
from mujaz_models.train.precision import Place, choose
from mujaz_models.train.recipe import Recipe
from mujaz_models.train.vocabulary import EOS, PAD, Processors

_SENTENCE_END: Final = re.compile(r"(?<=[.\u061f!])\s+")
_SENTENCE_WORDS: Final = range(4, 61)
_MOST_LINES: Final = 200_000  # for baking: more than it reads in its minutes
_SAMPLE: Final = 200


def begin(
    recipe: Recipe,
    pairs: Sequence[tuple[str, Pair]],
    texts: Sequence[Path],
    work: Path,
    log: Callable[[dict[str, Any]], None],
) -> Checkpoint:
    """Build vocabulary and model; it takes the recipe's minutes of baking and a little more.

    Args:
        recipe: of the model.
        pairs: with the corpus of each.
        texts: in the source language, for baking.
        work: the folder that `source.spm` and `target.spm` are written to.
        log: of the baking.

    Raises:
        CorpusError: a text cannot be read.
        EncoderError: the pretrained encoder is not installed, or of another format.
    """
    pretrained = encoder.read(encoder.locate())
    counts = pruning.count(
        pretrained.pieces, ((pair.english, recipe.corpora[name]) for name, pair in pairs)
    )
    pruned = pruning.prune(pretrained.pieces, counts, recipe.vocabulary)
    pruning.write(pretrained.pieces, pruned, work)
    encode = Processors.load(work).source.encode
    place = choose()
    state = encoder.start(pretrained, pruned, recipe.model.encoder_layers)
    lines = _lines((pair for _, pair in pairs), texts)
    baked = bake(state, recipe.model, recipe.bake, lines, encode, place, log, recipe.seed)
    torch.manual_seed(recipe.seed)
    model = TranslationModel(recipe.model, len(pruned.source), len(pruned.target))
    model.load_state_dict(baked, strict=False)
    start_target(model, state["target.tokens.weight"])
    sample = _sample([pair for _, pair in pairs])
    rows = [encode([p.arabic for p in sample]), encode([p.english for p in sample])]
    standardize(model, rows, place)
    return Checkpoint(recipe.model, model.state_dict())


def standardize(model: TranslationModel, rows: Sequence[Sequence[list[int]]], place: Place) -> None:
    """Set the means of the encoder's states over Arabic and over English rows, and their spread."""
    model.eval()
    found = []
    for language in rows:
        ids = torch.from_numpy(pad([[*row, EOS] for row in language]))
        with torch.no_grad(), place.autocast():
            states = model.lower(ids, source_mask(ids), len(model.encoder))
        found.append(states.float()[ids != PAD])
    with torch.no_grad():
        for number, states in enumerate(found):
            model.memory_mean[number] = states.mean(0)
        centred = [states - states.mean(0) for states in found]
        model.memory_deviation.copy_(torch.cat(centred).std(0))


def start_target(model: TranslationModel, tokens: torch.Tensor) -> None:
    """Start the target embeddings from e5's, centred and at the spread of fresh ones."""
    centred = tokens - tokens.mean(0)
    with torch.no_grad():
        model.target.tokens.weight.copy_(centred / centred.std() * tokens.shape[1] ** -0.5)


def _lines(pairs: Iterable[Pair], texts: Sequence[Path]) -> list[str]:
    """Return sentences of both languages, from the pairs and from plain text in turn."""
    sides = (side for pair in pairs for side in (pair.arabic, pair.english))
    plain = itertools.chain.from_iterable(map(_sentences, texts))
    turns = itertools.chain.from_iterable(itertools.zip_longest(sides, plain))
    sentences = (line for line in turns if line and len(line.split()) in _SENTENCE_WORDS)
    return list(itertools.islice(sentences, _MOST_LINES))


def _sentences(path: Path) -> Iterator[str]:
    for paragraph in corpora.paragraphs(path):
        yield from map(spelling.arabic, _SENTENCE_END.split(paragraph))


def _sample(pairs: Sequence[Pair]) -> list[Pair]:
    sentences = [pair for pair in pairs if len(pair.arabic.split()) in _SENTENCE_WORDS]
    return sentences[:: max(1, len(sentences) // _SAMPLE)][:_SAMPLE]
