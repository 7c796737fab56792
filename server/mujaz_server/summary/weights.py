"""How much each reason counts, by language."""

from collections.abc import Mapping
from dataclasses import dataclass

from mujaz_server.summary.features import Language


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each feature counts, where a feature lies between 0 and 1.

    The last four are taken off. The defaults are where tuning begins; see `WEIGHTS`.
    """

    # News puts what matters first, so the place outweighs everything but a query.
    position: float = 1.0
    # What the rest of the document keeps coming back to: enough for a central sentence far
    # down to pass an idle one near the top, not to pass a lead that says what it is about.
    centrality: float = 0.4
    # The headline is the editor's own summary, but the lead mostly repeats it anyway.
    headline: float = 0.15
    # Facts rather than colour: these tell two otherwise equal sentences apart.
    numbers: float = 0.1
    names: float = 0.1
    # Whoever asks wants the answer before the lead.
    query: float = 3.0
    # At a diversity of 0.5 a literal repetition loses as much as the best place can give.
    redundancy: float = 2.0
    # A fragment, or a sentence that would fill the summary by itself.
    length: float = 1.0
    # A surer sentence of about the same weight goes first; the lead itself may still stay. A
    # flag costs all of it, an unflagged translation as much as its tokens are improbable.
    doubt: float = 0.5
    # A sentence that reads alone goes first where it says about as much.
    context: float = 0.3


WEIGHTS: Mapping[Language, Weights] = {
    "ar": Weights(),
    "en": Weights(position=0.4, headline=0.0),
}
"""What `mujaz-models tune-summaries` chose for each language, beginning at the defaults."""
