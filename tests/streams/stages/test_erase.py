"""A record that a person wants to be forgotten: what is left of it in the topics, and that nothing brings it back."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from schemas.events import Assigned, Audit, Change, Erasure, Mark, Tombstone
from schemas.ids import SYSTEMS
from streams.resolve import Reading
from streams.stages.match import MatchStage
from streams.stages.reconcile import ReconcileStage
from streams.stages.resolve import ResolveStage, Source
from tests.laws.entity import ENTITY, N, S, make_rules
from tests.streams.stages.memory import PARTITIONS, Memory, desk

PERSON = "Ada Example"
COMPACTED = ("assigned", "record", "link", "claims", f"entity.{ENTITY}")
KEY = f"{ENTITY}:{S}:s1"
FIELDS = {"sku": "ada@example.com", "a": "1", "b": "2", "c": PERSON, "active": "true"}


def change(system, kind, time, **fields):
    ident = f"{system[0]}1"
    return Change(f"e{time}", ENTITY, system, "Thing", ident, kind, time, time, "", "", "", "", "", json.dumps(fields))


@pytest.fixture
def memory():
    """A record that both systems have held alike, by way of all three stages."""
    at = desk()
    entity = SimpleNamespace(rules=make_rules(), golden=lambda record, read: {"key": record.key, "c": read(S, "c")}, render=lambda *_: ((), {}), hash="h")
    source = Source(lambda _system, _object, body, kind: (dict(body), kind != "update"), Reading())
    resolve = ResolveStage(at, {(s, ENTITY, ""): source for s in SYSTEMS}, [f"change.{s}.thing" for s in SYSTEMS], partitions=PARTITIONS, margin_ms=50)
    made = Memory([resolve, ReconcileStage(at, {ENTITY: entity}, partitions=PARTITIONS), MatchStage(at, partitions=PARTITIONS)])
    for s in SYSTEMS:
        for p in range(PARTITIONS):
            made.put(f"change.{s}.thing", "mark", Mark(ENTITY, s, "1", p, PARTITIONS), partition=p)
    tell(made, change(S, "row", 1_000, **FIELDS, netsuite_id="n1", accord_status="synced", key=KEY.replace(":", "-")))
    tell(made, change(N, "row", 1_000, **FIELDS, accord_status="synced", key=KEY.replace(":", "-")))
    assert PERSON in remembered(made), "a search that would find nothing proves nothing"
    assert made.sent["t.deadletter"] == []
    return made


def tell(memory, *changes):
    for each in changes:
        memory.put(f"change.{each.system}.thing", f"{ENTITY}:{each.system}:{each.record_id}", each)
    memory.run()


def deleted(memory):
    tell(memory, change(S, "delete", 2_000), change(N, "gone", 2_100))


def erase(memory, at=5_000):
    memory.put("observation", KEY, Erasure(KEY, ENTITY, at, "jo", "request 7"))
    memory.run()


def steps(memory, name):
    return [e for e in memory.of("audit", Audit) if e.step == name]


def remembered(memory):
    """All that compaction would leave, values and keys."""
    found = [(key, value) for t in COMPACTED for (_, key), value in memory.compacted[f"t.{t}"].items() if value is not None]
    return "\n".join(part.decode("latin-1") for pair in found for part in pair)


def test_nothing_of_an_erased_record_is_left_in_a_compacted_topic(memory):
    """A person who asked to be forgotten must not be found in a state that nobody looks at."""
    deleted(memory)
    erase(memory)
    left = remembered(memory)
    assert [word for word in (PERSON, "ada@example.com") if word in left] == []
    assert [t for t in COMPACTED if t != "assigned" and KEY.encode() in {k for (_, k), v in memory.compacted[f"t.{t}"].items() if v}] == []
    (step,) = steps(memory, "erased")
    assert (step.key, step.message, json.loads(step.detail)) == (KEY, "jo: request 7", {"names": [KEY, f"{ENTITY}:{N}:n1"]})
    assert memory.compacted["t.assigned"], "the ids themselves stay known, so that nothing brings the record back"


def test_what_the_topics_still_hold_does_not_bring_it_back(memory):
    """A replay of the changes of the last two weeks would undo the erasure without anybody noticing: the deletion and an undelete among them."""
    deleted(memory)
    erase(memory)
    before = remembered(memory)
    old = [change(S, "row", 1_000, **FIELDS), change(S, "delete", 2_000), change(S, "undelete", 2_050, **FIELDS), change(N, "row", 2_060, **FIELDS)]
    tell(memory, *old, change(N, "gone", 2_100))
    assert remembered(memory) == before
    assert memory.of("assigned", Assigned)[-1] == Assigned("", Tombstone("erased", 0, 5_000))


def test_who_comes_again_is_somebody_new(memory):
    """The same id, undeleted after the erasure, is in the system again: then it is mirrored like any other."""
    deleted(memory)
    erase(memory)
    tell(memory, change(S, "undelete", 9_000, **FIELDS))
    assert PERSON in remembered(memory)


def test_what_a_system_still_holds_is_not_erased(memory):
    """It would be read again a minute later, and the person told that it is gone."""
    tell(memory, change(S, "delete", 2_000))
    before = memory.compacted["t.record"].copy()
    erase(memory)
    (step,) = steps(memory, "not_erased")
    assert "it is still in netsuite" in step.message
    assert memory.compacted["t.record"] == before
    assert steps(memory, "erased") == []


def test_a_record_that_nobody_knows_is_told(memory):
    """A typing error must not look like an erasure."""
    memory.put("observation", f"{ENTITY}:{S}:zz", Erasure(f"{ENTITY}:{S}:zz", ENTITY, 5_000, "jo", "request 7"))
    memory.run()
    assert [s.message for s in steps(memory, "not_erased")] == ["jo asked: there is no such record"]
