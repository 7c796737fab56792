"""What must hold of every recorded call: pure functions from a history to its violations."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from robustness.history import Call, Event

UNDER_FAULTS = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})
"""How a good call may fail where its connection or its server may."""
_BY_FATE = {
    "read": {"OK"},
    "cancel": {"OK", "CANCELLED"},
    "malformed": {"INVALID_ARGUMENT", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED"},
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of one call."""

    rule: str
    call: int
    words: str


Rule = Callable[[Call, frozenset[str]], Iterator[str]]


def violations(calls: Iterable[Call], failures: frozenset[str] = frozenset()) -> list[Violation]:
    """Everything that is wrong with a history.

    Args:
        calls: The recorded calls.
        failures: The codes that a good call may fail with.
    """
    return list(
        chain.from_iterable(
            (Violation(name, call.number, words) for words in rule(call, failures))
            for call in calls
            for name, rule in RULES.items()
        )
    )


def _one_status(call: Call, _: frozenset[str]) -> Iterator[str]:
    count = sum(event["kind"] == "status" for event in call.events)
    if count != 1:
        yield f"{count} statuses"
    elif call.events[-1]["kind"] != "status":
        yield f"{call.events[-1]['kind']} after the status"


def _known_status(call: Call, failures: frozenset[str]) -> Iterator[str]:
    if call.code and call.code not in _BY_FATE[call.meant["fate"]] | failures:
        yield f"{call.code} for a call that was to be {call.meant['fate']}"


def _in_order(call: Call, _: frozenset[str]) -> Iterator[str]:
    indexes = [event["index"] for event in call.events if event["kind"] == "sentence"]
    if indexes != list(range(len(indexes))):
        yield f"sentences came as {indexes}"


def _own_text(call: Call, _: frozenset[str]) -> Iterator[str]:
    for event in _sentences(call):
        own = [call.number, event["index"]]
        if list(event["source"] or ()) != own:
            yield f"sentence {event['index']} has the source of {event['source']}"
        if not event["failed"] and list(event["text"] or ()) != own:
            yield f"sentence {event['index']} has the text of {event['text']}"


def _exact_spans(call: Call, _: frozenset[str]) -> Iterator[str]:
    for event in _sentences(call):
        if not event["exact"]:
            yield f"the offsets of sentence {event['index']} do not lead to its source"


def _only_poison_fails(call: Call, _: frozenset[str]) -> Iterator[str]:
    for event in _sentences(call):
        if event["failed"] != event["poisoned"]:
            yield f"sentence {event['index']}: failed {event['failed']}"


def _complete(call: Call, _: frozenset[str]) -> Iterator[str]:
    if call.code != "OK":
        return
    kinds = [event["kind"] for event in call.events if event["kind"] != "cancel"]
    meant = call.meant["sentences"]
    if kinds[:1] != ["outline"] or kinds[-2:] != ["report", "status"]:
        yield f"OK, but its events are {kinds}"
    elif kinds.count("sentence") != meant:
        yield f"{kinds.count('sentence')} of {meant} sentences came"
    elif call.meant["method"] != "TranslateText" and any(
        event["count"] != meant for event in call.events if event["kind"] in {"outline", "report"}
    ):
        yield "outline or report count otherwise"


def _refused_first(call: Call, _: frozenset[str]) -> Iterator[str]:
    if call.code == "RESOURCE_EXHAUSTED" and len(call.events) > 1:
        yield f"refused after {len(call.events) - 1} events"


def _sentences(call: Call) -> Iterator[Event]:
    return (event for event in call.events if event["kind"] == "sentence")


RULES: dict[str, Rule] = {
    "exactly one status, at the end": _one_status,
    "no status but those allowed": _known_status,
    "sentences once each and in order": _in_order,
    "own text only": _own_text,
    "exact offsets": _exact_spans,
    "only poison fails, and poison does": _only_poison_fails,
    "complete where OK": _complete,
    "refused before the first event": _refused_first,
}
