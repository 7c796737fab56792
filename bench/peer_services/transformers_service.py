"""MarianMT in transformers on PyTorch: what waits is one padded batch, by its own tokenizer.

python -m peer_services.transformers_service PORT FOLDER

A batch starts as soon as the one before it has ended, so nothing waits for company, and everything
that came meanwhile goes together: as much as a server of transformers can be given without a
scheduler of its own.
"""

import sys
import threading
from concurrent.futures import Future
from queue import SimpleQueue

import torch
from transformers import MarianMTModel, MarianTokenizer

from peer_services.http_service import serve

_ROWS = 32
_LONGEST = 256


class Batches:
    """One thread that translates what waits, at most `_ROWS` lines at once."""

    def __init__(self, folder: str) -> None:
        self._model = MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval()
        self._tokenizer = MarianTokenizer.from_pretrained(folder)
        self._waiting: SimpleQueue[tuple[str, Future[str]]] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def translate(self, lines: list[str]) -> list[str]:
        """Waits for the translations of some lines."""
        futures: list[Future[str]] = [Future() for _ in lines]
        for each in zip(lines, futures, strict=True):
            self._waiting.put(each)
        return [future.result() for future in futures]

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < _ROWS and not self._waiting.empty():
                batch.append(self._waiting.get())
            for (_, future), text in zip(batch, self._translated(batch), strict=True):
                future.set_result(text)

    def _translated(self, batch: list[tuple[str, Future[str]]]) -> list[str]:
        rows = self._tokenizer([text for text, _ in batch], return_tensors="pt", padding=True)
        with torch.inference_mode():
            ids = self._model.generate(
                **rows, num_beams=1, do_sample=False, max_new_tokens=_LONGEST, max_length=None
            )
        # With separate vocabularies the tokenizer takes the source's `<pad>` for the target's.
        kept = [
            [id_ for id_ in row if id_ != self._model.config.pad_token_id] for row in ids.tolist()
        ]
        texts: list[str] = self._tokenizer.batch_decode(kept, skip_special_tokens=True)
        return texts


if __name__ == "__main__":
    serve(Batches(sys.argv[2]).translate, int(sys.argv[1]))
