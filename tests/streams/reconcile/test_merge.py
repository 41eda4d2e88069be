"""Merges: what named the loser is led to the survivor, and nobody gets a second counterpart."""

from __future__ import annotations

from dataclasses import replace

from accord.links import LinkIndex, survivor
from schemas.events import Link, Part, Record, Write
from sinks.refs import fill
from streams.reconcile.draft import Draft
from streams.reconcile.links import link_of
from streams.reconcile.same import same
from streams.rules import FieldRule
from tests.laws.entity import ENTITY, make_rules
from tests.streams.reconcile.kit import KEY, Book, N, S, applied, gone, in_accord

RULES = replace(make_rules("inactivate"), merges=frozenset({S}))
WINNER = f"{ENTITY}:{S}:s9"


def merged_book(**winner_ids: str) -> Book:
    book = in_accord(RULES)
    book.link(WINNER, **winner_ids)
    book.take(gone(S, 200, number=9))
    book.take(replace(gone(S, 300), merged_into=WINNER))
    return book


def test_a_deleted_record_is_read_once_for_its_survivor() -> None:
    """The delete event doesn't say that it was a merge: without the read the children of the loser would be orphans."""
    book = in_accord(RULES)
    decision = book.take(gone(S, 200, number=9))
    assert [(r.record_id, r.reason) for r in decision.reads] == [("s1", "merge")]
    assert book.take(gone(S, 200, number=9)).reads == ()


def test_where_both_have_a_counterpart_the_losers_goes_out_of_use() -> None:
    """Two customers for one account: sold to is only the survivor's, and the other one says why."""
    book = merged_book(**{S: "s9", N: "n9"})
    assert book.record.alias == ""
    wanted = book.record.wanted[N]
    assert (wanted["active"], wanted["accord_status"], wanted["accord_code"]) == ("false", "missing", "merged_in_salesforce")


def test_a_survivor_without_counterpart_takes_over_the_losers() -> None:
    """The prospect was kept and the customer deleted: a second customer in NetSuite would split its orders."""
    book = merged_book(**{S: "s9"})
    assert book.record.alias == WINNER
    ((to, handover),) = book.last.forwards
    assert to == WINNER
    winner = Book(Record(WINNER, ENTITY, ids={S: "s9"}), rules=RULES)
    winner.take(handover)
    assert winner.record.ids == {S: "s9", N: "n1"}


def test_an_undeleted_loser_stands_for_itself_again() -> None:
    """A merge can be undone from the recycle bin."""
    book = merged_book(**{S: "s9", N: "n9"})
    assert link_of(Draft(book.record, RULES, book.index)).merged == {S: WINNER}
    back = replace(gone(S, 400, number=12), gone=False, whole=True, fields={"a": "1"})
    book.take(back)
    assert link_of(Draft(book.record, RULES, book.index)).merged == {}


def links() -> LinkIndex:
    """Loser and survivor with a counterpart each; merged in Salesforce."""
    index = LinkIndex()
    index.put(KEY, Link(KEY, ENTITY, {S: "s1", N: "n1"}, {}, "", "deleted", merged={S: WINNER}))
    index.put(WINNER, Link(WINNER, ENTITY, {S: "s9", N: "n9"}, {}, "", "active"))
    return index


def test_only_in_the_system_of_the_merge_another_stands_for_it() -> None:
    """In NetSuite both are still there: its documents of the loser are not the survivor's there."""
    index = links()
    assert survivor(index, KEY, S) == WINNER
    assert survivor(index, KEY, N) == KEY


def test_documents_of_the_loser_go_to_the_survivor() -> None:
    """An invoice of the old customer must appear on the account that is left, not fail for ever."""
    body = f'{{"Account__c": {{"$ref": "{ENTITY}:{N}:n1"}}}}'
    write = Write(S, "invoice:netsuite:7", "invoice", 1, "create", "", {}, {}, (Part("Accord_Invoice__c", "", "k", body, "{}"),))
    ((filled,), missing) = fill(write, links())
    assert (filled.body, missing) == ({"Account__c": "s9"}, ())


def test_children_that_moved_are_moved_in_the_other_system_too() -> None:
    """Salesforce gave the loser's contacts to the survivor: NetSuite's contact must leave the old company, and Salesforce's is right already."""
    draft, rule = Draft(Record("c", "contact"), RULES, links()), FieldRule("company", "reference", "x", ref=ENTITY)
    assert same(draft, N, rule, f"{ENTITY}:{S}:s9", f"{ENTITY}:{N}:n1") is False
    assert same(draft, S, rule, f"{ENTITY}:{N}:n1", f"{ENTITY}:{S}:s9") is True


def test_the_status_is_told_once() -> None:
    """Each repeat of the deletion would write the same words to NetSuite again."""
    book = merged_book(**{S: "s9", N: "n9"})
    ask = next(a for a in book.last.asks if a.target == N)
    book.take(applied(ask, 310, 311))
    assert book.take(replace(gone(S, 500), merged_into=WINNER)).asks == ()
