"""Which records reports must forget."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from schemas.events import Match
from streams.reconcile.ended import ended
from streams.stage import Message
from streams.stages.reconcile import ReconcileStage
from tests.laws.entity import ENTITY, N, S, make_rules
from tests.streams.reconcile.kit import KEY, RULES, event, gone, in_accord, row
from tests.streams.stages.memory import desk

LOSER = f"{ENTITY}:{N}:n1"


def test_a_record_that_one_system_still_has_is_told():
    """The orders of the other system name the deleted customer: without it they would have none."""
    book = in_accord()
    book.take(gone(S, 200, number=9))
    assert not ended(book.record, RULES)


def test_a_record_that_no_system_has_any_more_is_forgotten():
    """A deleted document that stays in the reports is counted for ever."""
    book = in_accord()
    book.take(gone(S, 200, number=9))
    book.take(gone(N, 300))
    assert ended(book.record, RULES)


def test_a_mirror_is_forgotten_with_its_original():
    """An invoice that finance deleted must not stay in the receivables because its mirror could not be deleted yet."""
    rules = replace(make_rules("delete"), master=N)
    book = in_accord(rules=rules)
    book.take(gone(N, 200))
    assert ended(book.record, rules)


def test_one_that_was_undeleted_is_told_again():
    """Else a person who repairs a mistake sees the record everywhere but in the reports."""
    book = in_accord()
    book.take(gone(S, 200, number=8))
    book.take(gone(N, 210))
    book.take(event(9, 300, {"a": "1"}))
    book.take(row(S, 400, {"a": "1"}))
    assert not ended(book.record, RULES)


def test_a_key_that_lost_leaves_a_tombstone():
    """Two golden records of one customer would be counted as two customers."""
    at = desk()
    entity = SimpleNamespace(rules=RULES, golden=lambda record, _read: {"key": record.key}, render=lambda *_: ((), {}), hash="h")
    stage = ReconcileStage(at, {ENTITY: entity}, partitions=1)
    seen = row(N, 100, {"sku": "x"}, key=LOSER)
    match = Match(LOSER, ENTITY, f"{ENTITY}|sku|x", KEY, (KEY,))
    batch = [Message("t.observation", 0, n, LOSER.encode(), at.codec.encode("observation", e), 0) for n, e in enumerate((seen, match))]
    told = [at.codec.decode(o.value) if o.value else None for o in stage.handle(0, batch) if o.topic == f"t.entity.{ENTITY}"]
    assert told == [{"key": LOSER}, None]
