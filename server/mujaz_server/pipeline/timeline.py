"""Where the time of one request goes, told to whoever wants to know."""

from typing import Protocol

from mujaz_server.batching.job import EngineRun


class Timeline(Protocol):
    """Takes in what a run reports of its time; must not block.

    Times are seconds of the worker's clock. Called on the event loop.
    """

    def waited(self, began: float, ended: float, *, sentences: int, tokens: int) -> None:
        """Work waited until its first row was taken, or until it was given up untouched."""

    def ran(self, taken: float, run: EngineRun) -> None:
        """A row of this request was taken into a batch that has run; called once a row."""

    def checked(self, began: float, ended: float) -> None:
        """A sentence was checked, right after the last of its rows ran."""

    def summarized(self, began: float, ended: float, *, considered: int, picked: int) -> None:
        """Sentences were picked for a summary."""


class Untold:
    """Lets all times pass by."""

    def waited(self, began: float, ended: float, *, sentences: int, tokens: int) -> None:
        """Does nothing."""

    def ran(self, taken: float, run: EngineRun) -> None:
        """Does nothing."""

    def checked(self, began: float, ended: float) -> None:
        """Does nothing."""

    def summarized(self, began: float, ended: float, *, considered: int, picked: int) -> None:
        """Does nothing."""


UNTOLD = Untold()
