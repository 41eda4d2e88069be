"""Whose record is this? Each test names the loss that the rule prevents."""

from __future__ import annotations

from dataclasses import replace

from schemas.events import Assigned, Change, Learned, Tombstone
from streams.resolve import Reading, learn, resolve

RECORD = Reading()
DOCUMENT = Reading(document=True)


def observe(_system, _object, body, kind):
    return dict(body), kind in {"row", "create", "undelete"}


def change(kind="update", **over):
    made = Change(
        event_id="e1", entity="customer", system="salesforce", object="Account", record_id="001A", kind=kind, number=7, time=1000,
        user="", origin="", transaction="", position="", reason="", body="{}",
    )  # fmt: skip
    return replace(made, **over)


def run(ch, body=None, state=None, reading=RECORD):
    return resolve(ch, body or {}, state, observe, reading, lane="live", margin_ms=50)


def test_a_create_event_mints_the_key_of_its_first_sight():
    """The key is the address, so that the same record gets the same key whoever sees it first."""
    found = run(change("create"), {"name": "A"})
    assert found.state == Assigned("customer:salesforce:001A")
    assert found.observation.key == "customer:salesforce:001A"
    assert (found.observation.kind, found.observation.whole) == ("event", True)


def test_a_partial_event_of_an_unknown_record_mints_nothing_but_asks_for_the_whole():
    """Minting from a part would double a record whose own key stands in the fields that the event lacks."""
    found = run(change("update"), {"name": "A"})
    assert found.observation is None
    assert found.state is None
    assert (found.request.reason, found.request.not_before) == ("unknown record", 1050)


def test_the_key_on_the_record_wins_over_the_first_sight():
    """Else a record that Accord made in the other system would come back as a second one."""
    found = run(change("row", system="netsuite", record_id="77"), {"key": "customer-salesforce-001A"})
    assert found.observation.key == "customer:salesforce:001A"


def test_a_foreign_external_id_is_no_key_of_ours():
    """A shop connector's external id must not be read as an address."""
    found = run(change("row", system="netsuite", record_id="77"), {"key": "SHOPIFY-1-2"})
    assert found.observation.key == "customer:netsuite:77"


def test_the_key_of_another_entity_is_not_taken():
    """A customer whose field holds an order's key must not be merged into the order."""
    found = run(change("row", system="netsuite", record_id="77"), {"key": "order-salesforce-801"})
    assert found.observation.key == "customer:netsuite:77"


def test_a_deletion_of_an_unknown_id_is_kept_and_a_later_read_mints_nothing():
    """The older row of a deleted record would otherwise raise it from the dead (model: tombstone_unknown)."""
    gone = run(change("delete"))
    assert gone.state == Assigned("", Tombstone("event", 7, 1000))
    late = run(change("row"), {"name": "A"}, gone.state)
    assert late.observation is None
    assert late.request is None


def test_a_record_seen_alive_after_the_margin_lives_again():
    """Its undelete was a gap: the read that the gap asked for must not be thrown away."""
    found = run(change("row", time=1051), {"name": "A"}, Assigned("", Tombstone("event", 7, 1000)))
    assert found.observation.key == "customer:salesforce:001A"


def test_an_id_learned_later_brings_out_the_deletion_that_was_held():
    """We create a record, a user deletes it before any row was read: the deletion must reach its record (model: link_to_resolve)."""
    state = Assigned("", Tombstone("row", 0, 900))
    found = learn(Learned("customer", "netsuite", "77", "customer:salesforce:001A"), state, lane="live")
    assert found.observation.gone
    assert (found.observation.kind, found.observation.time, found.observation.source_id) == ("row", 900, "77")
    assert found.state == Assigned("customer:salesforce:001A")


def test_a_learned_id_that_is_known_already_changes_nothing():
    """An outcome that is replayed must say nothing new."""
    found = learn(Learned("customer", "netsuite", "77", "customer:salesforce:001A"), Assigned("customer:salesforce:001A"), lane="live")
    assert (found.state, found.observation, found.match) == (None, None, None)


def test_a_record_that_was_adopted_after_it_was_seen_learns_of_its_counterpart():
    """A product that a person made between two polls has a key of its own by the time the sink adopts it: two records of one product."""
    found = learn(Learned("item", "salesforce", "01t", "item:netsuite:803"), Assigned("item:salesforce:01t"), lane="live")
    assert (found.match.key, found.match.other) == ("item:salesforce:01t", "item:netsuite:803")
    assert found.state == Assigned("item:netsuite:803")


def test_a_gap_asks_for_the_record_after_the_margin():
    """A read that starts before the gap's commit by a skewed clock would beat the one that sees it (model: gap_margin)."""
    found = run(change("gap"), state=Assigned("customer:salesforce:001A"))
    assert (found.request.reason, found.request.not_before) == ("gap", 1050)


def test_an_event_of_a_document_only_asks_for_the_document():
    """Events of orders lack computed totals and carry money as doubles: decided on, they would be off by cents."""
    found = run(change("update", entity="order", object="Order"), {"Status": "x"}, Assigned("order:salesforce:801"), DOCUMENT)
    assert (found.observation, found.request.reason) == (None, "document")


def test_a_line_asks_for_its_parent():
    """An order line alone can't be decided on."""
    found = run(change("update", object="OrderItem", record_id="802"), {"OrderId": "801"}, None, Reading(hint=("order", "OrderId")))
    assert (found.request.entity, found.request.record_id) == ("order", "801")


def test_an_undelete_clears_the_tombstone():
    """A record taken out of the recycle bin lives again."""
    found = run(change("undelete"), {"name": "A"}, Assigned("", Tombstone("event", 7, 1000)))
    assert found.observation.key == "customer:salesforce:001A"
    assert found.state.tombstone is None


def test_the_survivor_of_a_merge_is_handed_on():
    """Reconcile leads what names the loser to the survivor; without its address the documents of the loser would fail for ever."""
    key = "customer:salesforce:001A"
    made = run(change("gone", reason="merged into 001B"), state=Assigned(key))
    assert (made.observation.gone, made.observation.merged_into) == (True, "customer:salesforce:001B")
    assert run(change("gone", reason="a person asked"), state=Assigned(key)).observation.merged_into == ""
