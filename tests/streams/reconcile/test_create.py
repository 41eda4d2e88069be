"""Creates."""

from __future__ import annotations

from dataclasses import replace

from schemas.events import Match, Outcome
from tests.laws.entity import ENTITY
from tests.streams.reconcile.kit import EXTERNAL, FIELDS, KEY, RULES, N, S, applied, event, gone, in_accord, nobody, only_in_salesforce, row


def test_nothing_is_created_before_the_matcher_said_nobody() -> None:
    """snapshots_first: the other side's snapshot may still be on its way; a create before it doubles the record."""
    book = only_in_salesforce()
    assert [c.value for c in book.last.claims] == [f"{ENTITY}|sku|x"]
    assert book.last.asks == ()
    assert book.take(row(S, 150, {"a": "2"})).asks == ()
    book.take(nobody())
    assert book.ask(N).kind == "create"


def test_a_record_without_match_value_claims_by_its_key() -> None:
    """Without a claim no answer would come, and the record would never be created."""
    book = only_in_salesforce(sku=None)
    assert [c.value for c in book.last.claims] == [f"{ENTITY}|key|{KEY}"]


def test_a_match_value_that_changes_is_claimed_anew() -> None:
    """A create under the old answer doubles a record that has the new value."""
    book = only_in_salesforce()
    book.take(event(1, 200, {"sku": "y"}))
    assert [(c.value, c.withdrawn) for c in book.last.claims] == [(f"{ENTITY}|sku|x", True), (f"{ENTITY}|sku|y", False)]
    assert book.take(nobody()).asks == (), "the answer to the old claim opens nothing"
    assert book.take(nobody(f"{ENTITY}|sku|y")).asks != ()


def test_seeds_travel_apart_and_only_in_a_create() -> None:
    """seed_create_only: the create was sent, the sink died, the call landed, its owner changed a seeded field; the successor found the
    record and sent the same payload as an update: the owner's edit was overwritten."""
    book = only_in_salesforce()
    book.take(nobody())
    ask = book.ask(N)
    assert dict(ask.seeds) == {"b": "2", "sku": "x"}
    assert "b" not in ask.fields
    book.take(applied(ask, 300, 302, id_="n1"))
    book.take(event(1, 400, {"a": "5"}))
    assert dict(book.ask(N).seeds) == {}


def test_the_first_write_is_a_create_with_our_key() -> None:
    """insert_not_upsert: an upsert that lands late updates, and with it overwrites what its owner set since; an insert with a unique key
    is refused as taken."""
    book = only_in_salesforce()
    book.take(nobody())
    ask = book.ask(N)
    assert (ask.kind, ask.id, ask.fields["key"]) == ("create", "", EXTERNAL)


def test_nulls_and_unknown_values_are_not_sent_in_a_create() -> None:
    """A null in a create clears the defaults that the target would have set."""
    book = only_in_salesforce()
    book.take(nobody())
    assert "c" not in book.ask(N).fields
    assert None not in book.ask(N).fields.values()


def test_the_default_null_of_a_record_that_we_made_does_not_blank_the_other_side() -> None:
    """NetSuite owns d, but its null is only what a new record starts with: taken for a fact it wiped what Salesforce held."""
    book = only_in_salesforce()
    book.take(nobody())
    book.take(applied(book.ask(N), 300, 302, id_="n1"))
    book.take(row(N, 320, {"d": None, "b": "2", "sku": "x", "st": "pend"}))
    assert "d" not in book.record.wanted.get(S, {})
    book.take(row(N, 340, {"d": "8"}))
    ask = book.ask(S)
    assert ask.fields["d"] == "8"
    book.take(applied(ask, 350, 351))
    book.take(row(N, 360, {"d": None}))
    assert book.ask(S).fields["d"] is None, "once agreed on, a null is a fact"


def test_the_null_of_a_record_that_was_there_before_is_a_fact() -> None:
    """Otherwise the owner's cleared phone number would stay on the other side for ever."""
    book = in_accord(d="7")
    book.take(row(N, 200, {"d": None}))
    assert book.ask(S).fields["d"] is None


def test_a_create_is_withdrawn_when_its_rule_holds_no_more() -> None:
    """The order is taken back to draft while its create waits: sent all the same, NetSuite ships what nobody ordered."""
    rules = replace(RULES, creates=lambda target, read: read(S, "active") == "true")
    book = only_in_salesforce(rules=rules)
    book.take(nobody())
    assert book.ask(N).kind == "create"
    book.take(event(1, 200, {"active": "false"}))
    assert book.ask(N).kind == "withdraw"


def test_an_ambiguous_match_creates_nothing_and_is_told() -> None:
    """Two customers have the same number: a third made by us would be worse than either."""
    book = only_in_salesforce()
    book.take(Match(KEY, ENTITY, f"{ENTITY}|sku|x", "", ("thing:netsuite:n1", "thing:netsuite:n2", KEY)))
    assert not book.asked(N)
    assert book.ask(S).fields["accord_code"] == "ambiguous_match"
    assert book.take(nobody()).asks[0].target in (S, N), "once it is clear, it goes"
    assert book.ask(N).kind == "create"


def test_a_record_that_got_a_counterpart_claims_in_both_systems() -> None:
    """The matcher must see that it is taken, or a newcomer with the same number would be joined with it as a second."""
    book = only_in_salesforce()
    book.take(nobody())
    book.take(applied(book.ask(N), 300, 302, id_="n1"))
    assert [(c.system, c.key, c.withdrawn) for c in book.last.claims] == [(N, KEY, False)]
    assert set(book.record.claims) == {S, N}


def test_a_record_that_is_gone_before_its_create_went_is_not_created() -> None:
    """The user deleted it: the create that still waits would bring it back in the other system."""
    book = only_in_salesforce()
    book.take(nobody())
    book.take(gone(S, 200, number=5))
    assert book.ask(N).kind == "withdraw"


def test_a_create_whose_answer_got_lost_is_known_by_its_row() -> None:
    """The row names our key before the outcome comes: it is ours all the same, and its nulls are defaults."""
    book = only_in_salesforce()
    book.take(nobody())
    ask = book.ask(N)
    book.take(row(N, 320, {"d": None, "sku": "x", "key": EXTERNAL, "a": "1", "b": "2", "active": "true"}))
    assert list(book.record.made) == [N]
    book.take(applied(ask, 300, 330, id_="n1"))
    assert "d" not in book.record.wanted.get(S, {})
    assert not book.record.wanted.get(N)


def test_a_create_answered_with_gone_is_not_tried_again() -> None:
    """It was made and deleted before we heard of it: a second create raises it from the dead."""
    book = only_in_salesforce()
    book.take(nobody())
    ask = book.ask(N)
    book.take(Outcome(N, KEY, ENTITY, ask.sequence, "gone", id="n1", object="Thing", before=300, after=301))
    assert all(a.kind == "withdraw" for a in book.last.asks if a.target == N)
    assert book.take(event(9, 400, {"a": "6"})).asks == ()


#: What Accord wrote onto the record before it lost its state.
FORGOTTEN: dict[str, str | None] = {**FIELDS, "netsuite_id": "n1"}


def test_a_counterpart_that_was_forgotten_is_looked_for_and_not_made_again() -> None:
    """After a rebuild the order still carries the id of the sales order that was deleted on purpose: a create would raise it from the dead."""
    book = only_in_salesforce(**FORGOTTEN)
    book.take(nobody())
    assert book.last.asks == ()
    assert [(x.system, x.record_id, x.key) for x in book.last.learned] == [(N, "n1", KEY)]
    assert [(r.system, r.record_id) for r in book.last.reads if r.reason == "named"] == [(N, "n1")]
    book.take(gone(N, 300, id_="n1"))
    assert not book.asked(N)
    assert book.record.ids[N] == "n1"


def test_a_counterpart_that_was_forgotten_and_is_there_is_taken_as_it_is() -> None:
    """It has no key of ours where a shop connector owns its external id: without the id both would be made twice."""
    book = only_in_salesforce(**FORGOTTEN)
    book.take(nobody())
    book.take(row(N, 300, FIELDS, "n1"))
    assert book.last.asks == ()


def test_an_id_that_somebody_copied_is_no_counterpart() -> None:
    """A clone carries the id of the original's customer, but not our key of its own: it is a new record."""
    book = only_in_salesforce(netsuite_id="n1", key=None)
    book.take(nobody())
    assert book.ask(N).kind == "create"
