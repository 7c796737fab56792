"""Weights that were tuned, so kept that no document need be scored by what it was tuned on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mujaz_models.command import CommandError
from mujaz_models.summaries.folds import FOLDS, fold
from mujaz_models.summaries.sets import Article
from mujaz_server.summary.selection import WEIGHTS, Language, Weights


@dataclass(frozen=True, slots=True)
class Tuned:
    """The weights of one language.

    Attributes:
        chosen: On all documents.
        unseen: For each fold, chosen on the documents that are not in it.
    """

    chosen: Weights
    unseen: tuple[Weights, ...]


def save(path: Path, tuned: Mapping[Language, Tuned]) -> None:
    """Writes the weights of each language."""
    document = {language: asdict(each) for language, each in tuned.items()}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> dict[Language, Tuned]:
    """Reads what `save` wrote.

    Raises:
        CommandError: It is no such file, or one of other weights than those there are now.
        OSError: It cannot be read.
    """
    try:
        document = json.loads(path.read_bytes())
        return {language: _tuned(each) for language, each in document.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CommandError(
            f"{path} holds no weights of this version: write it by `mujaz-models tune-summaries`"
        ) from error


def _tuned(entry: Mapping[str, Any]) -> Tuned:
    unseen = tuple(Weights(**each) for each in entry["unseen"])
    if len(unseen) != FOLDS:
        raise ValueError(f"{len(unseen)} folds instead of {FOLDS}")
    return Tuned(Weights(**entry["chosen"]), unseen)


def for_article(article: Article, tuned: Mapping[Language, Tuned]) -> Weights | None:
    """Returns the weights chosen without the article's fold; None where its language has none."""
    if article.language not in tuned:
        return None
    return tuned[article.language].unseen[fold(article.id)]


def describe(tuned: Mapping[Language, Tuned]) -> str:
    """Returns what goes into a signature: where the weights come from, and their digest."""
    if tuned:
        kind, content = f"of {FOLDS} folds", {name: asdict(each) for name, each in tuned.items()}
    else:
        kind, content = "built in", {name: asdict(each) for name, each in WEIGHTS.items()}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return f"weights {kind} {digest[:12]}"
