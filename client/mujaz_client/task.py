"""What the command line asks of the server for each of its documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mujaz_client.client import AsyncClient
    from mujaz_client.inputs import Document
    from mujaz_client.options import SummaryOptions, TranslationOptions
    from mujaz_client.results import Event


@dataclass(frozen=True, slots=True)
class Task:
    """A translation, or with `summary` a summary too; `timeout` in seconds, None for the usual."""

    options: TranslationOptions
    summary: SummaryOptions | None
    timeout: float | None

    def events(self, client: AsyncClient, document: Document) -> AsyncGenerator[Event]:
        """The events of one document."""
        if self.summary is None:
            return client.translate_document(document.text, self.options, timeout=self.timeout)
        return client.summarize_document(
            document.text,
            self.summary,
            self.options,
            document_start_offsets=document.part_starts,
            timeout=self.timeout,
        )
