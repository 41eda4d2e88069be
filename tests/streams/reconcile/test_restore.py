"""`on_delete = "restore"`: what was deleted where it must be is made again, once, and never beside itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.events import RETIRED
from streams.rules import Rules
from streams.stages.reconcile import instead
from tests.laws.entity import make_rules
from tests.streams.reconcile.kit import FIELDS, Book, N, S, applied, gone, in_accord, nobody, row

RULES = make_rules("restore")


def joined() -> Book:
    """In accord, and the matcher has said that nobody else is this record."""
    book = in_accord(RULES)
    book.take(nobody())
    return book


def test_a_record_deleted_in_the_target_is_made_again_under_another_id() -> None:
    """A price that somebody deletes in Salesforce must come back by itself, or the shop has nothing to sell by."""
    book = joined()
    book.take(gone(N, 200))
    ask = book.ask(N)
    assert (ask.kind, ask.id, ask.fields["a"], ask.seeds["b"]) == ("create", "", "1", FIELDS["b"])
    assert not book.asked(S), "nobody is told of a deletion that is being mended"
    book.take(applied(ask, 210, 211, id_="n2"))
    assert book.record.ids[N] == "n2"
    assert [(said.system, said.record_id) for said in book.last.learned] == [(N, "n2")]
    assert not book.asked(N)


def test_the_sink_is_told_which_id_is_dead() -> None:
    """It remembers the id of the deleted record from its last answer: going by it would end in "gone" for ever."""
    book = joined()
    book.take(gone(N, 200))
    assert instead(book.ask(N), book.record) == {RETIRED: "n1"}
    assert instead(replace(book.ask(N), kind="update"), book.record) == {}


def test_late_words_of_the_deleted_record_do_not_take_its_place_back() -> None:
    """A replay tells of the old id again: it would change places with the new one each time."""
    book = joined()
    book.take(gone(N, 200))
    book.take(applied(book.ask(N), 210, 211, id_="n2"))
    book.take(row(N, 300, {**FIELDS}, id_="n2"))
    assert book.take(row(N, 150, {"a": "9"})).asks == ()
    assert book.record.ids[N] == "n2"


def test_the_emptiness_of_a_record_made_anew_blanks_nothing() -> None:
    """NetSuite owns `d`, and we can't say it there: what the deleted record had said of it would be lost in both systems. What its owner says anew counts."""
    for seen_first in (False, True):
        book = in_accord(RULES, d="7")
        book.take(nobody())
        book.take(gone(N, 200))
        ask = book.ask(N)
        assert "d" not in {**ask.fields, **ask.seeds}
        anew = {**FIELDS, "d": None}
        answer = applied(ask, 210, 211, id_="n2")
        for word in (row(N, 250, anew, id_="n2"), answer) if seen_first else (answer, row(N, 250, anew, id_="n2")):
            book.take(word)
            assert "d" not in book.record.wanted.get(S, {})
        assert (book.record.ids[N], book.record.made) == ("n2", (N,))
        book.take(row(N, 300, {**FIELDS, "d": "8"}, id_="n2"))
        assert book.ask(S).fields["d"] == "8"
        book.take(applied(book.ask(S), 310, 311))
        book.take(row(N, 400, anew, id_="n2"))
        assert book.ask(S).fields["d"] is None, "once said it may be taken back"


def test_an_undelete_is_quicker_than_the_restore() -> None:
    """The user took it out of the recycle bin himself: the old record goes on, no second one is wanted."""
    book = joined()
    book.take(gone(S, 200, number=8))
    ask = book.ask(S)
    assert ask.kind == "create"
    book.take(replace(row(S, 210, FIELDS | {"netsuite_id": "n1"}), kind="event", number=9))
    book.take(applied(ask, 220, 221, id_="s1"))  # our key was taken, so the sink looked it up
    assert book.record.ids[S] == "s1"
    assert book.record.wanted.get(S, {}) == {}


def test_a_refused_restore_is_not_sent_again_and_again() -> None:
    """The target refuses the new record: it waits until something changes, as any refused create does."""
    book = joined()
    book.take(gone(N, 200))
    ask = book.ask(N)
    refused = replace(applied(ask, 210, 211), kind="rejected", code="bad", id="")
    book.take(refused)
    assert not book.asked(N)
    assert book.ask(S).fields["accord_status"] == "rejected"


def test_deleted_on_both_sides_it_stays_deleted() -> None:
    """Two people agreed that it goes: nothing raises it."""
    book = joined()
    book.take(gone(S, 200, number=8))
    book.take(gone(N, 205))
    assert book.ask(S).kind == "withdraw"
    assert not book.asked(N)
    assert book.record.wanted.get(S, {}) == {}


def switched(system: str) -> Rules:
    """As `inactivate`, but NetSuite owns the field that says it, as of customers."""
    rules = make_rules("inactivate")

    def owner(field: str, stage: str) -> Any:
        return N if field == "active" else rules.owner(field, stage)

    return replace(rules, owner=owner, on_delete=lambda other: "inactivate" if other == system else "ignore")


def dead_and_inactive() -> Book:
    book = in_accord(switched(S))
    book.take(gone(S, 200, number=8))
    book.take(applied(book.ask(N), 210, 211))
    book.take(row(N, 300, {**FIELDS, "active": "false"}))
    return book


def test_an_undelete_switches_on_again_what_the_deletion_switched_off() -> None:
    """An account is deleted by mistake and taken out of the recycle bin: its customer must not stay inactive, nor become the account's."""
    book = dead_and_inactive()
    book.take(replace(row(S, 400, {**FIELDS, "netsuite_id": "n1"}), kind="event", number=9))
    assert book.ask(N).fields["active"] == "true"
    assert not book.asked(S), "inactive for a moment it would vanish from people's lists"
    book.take(applied(book.ask(N), 410, 411))
    assert not book.asked(S)


def test_an_undelete_does_not_switch_on_what_finance_switched_off() -> None:
    """Finance made the customer inactive before the account was deleted: that is its decision."""
    book = in_accord(switched(S), active="false")
    book.take(gone(S, 200, number=8))
    book.take(replace(row(S, 400, {**FIELDS, "netsuite_id": "n1", "active": "false"}), kind="event", number=9))
    assert "active" not in book.ask(N).fields


def test_what_its_owner_had_switched_off_before_the_deletion_stays_off_after_the_undelete() -> None:
    """Finance blocks a customer, and its account is deleted before it hears of that. Taken for our own doing, the block would be lifted by the undelete."""
    book = in_accord(switched(S))
    book.take(row(N, 150, {**FIELDS, "active": "false"}))
    book.take(gone(S, 200, number=8))
    assert "active" not in book.record.wanted.get(N, {})
    book.take(replace(row(S, 400, {**FIELDS, "netsuite_id": "n1"}), kind="event", number=9))
    assert "active" not in book.record.wanted.get(N, {})
    assert book.ask(S).fields["active"] == "false"


def test_a_second_deletion_is_another_farewell() -> None:
    """Finance had blocked the customer at the first one and has freed it since: it would stay in use without an account."""
    book = in_accord(switched(S))
    book.take(row(N, 150, {**FIELDS, "active": "false"}))
    book.take(gone(S, 200, number=8))
    book.take(replace(row(S, 400, {**FIELDS, "netsuite_id": "n1"}), kind="event", number=9))
    book.take(row(N, 500, FIELDS))
    book.take(gone(S, 600, number=10))
    assert book.ask(N).fields["active"] == "false"


def test_what_its_owner_switches_on_again_while_the_other_is_deleted_is_not_fought_over() -> None:
    """It was off before the deletion, so nothing of ours is on the way: the owner's new word stands."""
    book = in_accord(switched(S))
    book.take(row(N, 150, {**FIELDS, "active": "false"}))
    book.take(gone(S, 200, number=8))
    book.take(row(N, 300, FIELDS))
    assert "active" not in book.record.wanted.get(N, {})
