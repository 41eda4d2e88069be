"""Dead letters: which are open, and their end. Nothing is deleted: a letter is done once a person's word about it stands on `handling`.

A letter that is tried again goes back, byte by byte, to where it came from; state is kept in versioned registers, so that an old message
changes nothing that newer ones have said. A write is never sent again: reconcile is asked what is wanted now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from accord.errors import Rejected
from accord.kafka import headers
from accord.kafka.consumer import read_to_end
from accord.kafka.records import Headers
from ops.pipeline import Act, Open, Pipeline
from schemas import events
from schemas.events import Audit, DeadLetter, Handling, Outcome
from schemas.ids import SYSTEMS
from schemas.topics import pipeline_topics

#: An edited message may be as large as a broker takes.
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Edited:
    """A message as a person wrote it: the name of its record in `schemas.events`, and the record."""

    record: str
    event: dict[str, Any]


def name_of(letter: DeadLetter) -> str:
    """`deadletter:<topic>:<partition>:<offset>` of the message that died; notices call it the same."""
    return f"deadletter:{letter.topic}:{letter.partition}:{letter.offset}"


def opened(pipeline: Pipeline) -> dict[str, DeadLetter]:
    """Name -> letter that nobody has dealt with, oldest first."""
    done = pipeline.table("handling")
    found = [pipeline.codec.decode(r.value) for r in read_to_end(pipeline.bootstrap, pipeline.topics.name("deadletter"), extra=pipeline.extra) if r.value]
    letters = {name_of(letter): letter for letter in sorted(found, key=lambda letter: letter.at)}
    return {name: letter for name, letter in letters.items() if name not in done}


def find(pipeline: Pipeline, name: str) -> DeadLetter:
    letter = opened(pipeline).get(name)
    if letter is None:
        raise Rejected(f"no open dead letter {name!r}; accord deadletter list shows what there is", code="no_dead_letter")
    return letter


def told(pipeline: Pipeline, letter: DeadLetter) -> dict[str, Any]:
    """Everything about it; `message` is what it holds in the form that `retry --edited` takes, None where it can't be read."""
    try:
        event = pipeline.codec.decode(letter.value or b"")
        message = None if isinstance(event, dict) else msgspec.to_builtins(Edited(type(event).__name__, msgspec.to_builtins(event)))
    except Rejected:
        message = None
    plain: dict[str, Any] = msgspec.to_builtins(letter)
    return {"name": name_of(letter), **plain, "key": (letter.key or b"").decode(errors="replace"), "message": message}


def retry(pipeline: Pipeline, letter: DeadLetter, act: Act, edited: bytes | None = None) -> str:
    """Send it once more, as it was or as it was edited (JSON of `Edited`), and be done with it, in one transaction. Answers what was done."""
    topic = pipeline.topics.bare(letter.topic)
    if topic.startswith("write."):
        if edited is not None:
            raise Rejected("a write is never edited or sent again: change the record, reconcile says what is wanted", code="not_editable")
        return _decide_again(pipeline, letter, topic.removeprefix("write."), act)
    value = letter.value if edited is None else _encoded(pipeline, topic, edited)
    done = "sent again" if edited is None else "edited and sent again"
    with pipeline.writer("deadletter") as writer:
        writer.send(letter.topic, letter.key, value, partition=letter.partition, headers=_trail(letter, act))
        _close(pipeline, writer, letter, act, done, _size(letter.value, value) if edited is not None else "")
    return done


def discard(pipeline: Pipeline, letter: DeadLetter, act: Act) -> None:
    """Be done with it unread."""
    if not act.why:
        raise Rejected("say why it may be thrown away", code="no_reason")
    with pipeline.writer("deadletter") as writer:
        _close(pipeline, writer, letter, act, "discarded")


def _decide_again(pipeline: Pipeline, letter: DeadLetter, target: str, act: Act) -> str:
    if target not in SYSTEMS:
        raise Rejected(f"{letter.topic} is no topic of writes that we know", code="unknown_topic")
    key = (letter.key or b"").decode(errors="replace")
    record = pipeline.record(key)
    outcome = Outcome(target, record.key, record.entity, record.sequence.get(target, 0), "released", code=letter.code)
    with pipeline.writer("deadletter") as writer:
        writer.send(pipeline.topics.name("outcome"), record.key.encode(), pipeline.codec.encode("outcome", outcome), headers=_trail(letter, act))
        _close(pipeline, writer, letter, act, "decided again")
    return "decided again"


def _encoded(pipeline: Pipeline, topic: str, edited: bytes) -> bytes:
    """The edited message, as the schema of its topic has it."""
    if len(edited) > MOST_BYTES:
        raise Rejected(f"{len(edited)} bytes are more than a message may have ({MOST_BYTES})", code="too_large")
    try:
        given = msgspec.json.decode(edited, type=Edited)
        if given.record not in records_of(topic):
            raise Rejected(f"{topic} carries {', '.join(records_of(topic))}, not {given.record}", code="wrong_record")
        event = msgspec.convert(given.event, getattr(events, given.record))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(f"not a message that accord deadletter show would print: {error}", code="malformed") from error
    return pipeline.codec.encode(topic, event)


def records_of(topic: str) -> tuple[str, ...]:
    """Records that a topic may carry, by its bare name."""
    if topic.startswith("change."):
        return ("Change", "Mark")
    return next((t.records for t in pipeline_topics((), (), ()) if t.name == topic), ())


def _trail(letter: DeadLetter, act: Act) -> Headers:
    return headers.of_event(f"person:{name_of(letter)}:{act.at}")


def _size(before: bytes | None, after: bytes | None) -> str:
    return f" ({len(before or b'')} bytes before, {len(after or b'')} after)"


def _close(pipeline: Pipeline, writer: Open, letter: DeadLetter, act: Act, done: str, more: str = "") -> None:
    name, trail = name_of(letter), _trail(letter, act)
    key = (letter.key or b"").decode(errors="replace")
    text = f"{act.by}: {name} {done}{more}" + (f": {act.why}" if act.why else "")
    step = Audit(headers.correlation_of(trail), act.at, done.replace(" ", "_"), "", "", key, name, "", letter.code, text, "", 0)
    handling = Handling(name, act.by, f"{done}: {act.why}" if act.why else done, act.at)
    writer.send(pipeline.topics.name("handling"), name.encode(), pipeline.codec.encode("handling", handling), headers=trail)
    writer.send(pipeline.topics.name("audit"), step.correlation_id.encode(), pipeline.codec.encode("audit", step), headers=trail)
