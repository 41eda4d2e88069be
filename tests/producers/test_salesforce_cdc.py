"""None"""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from accord.salesforce.events import Undecodable
from accord.salesforce.pubsub import Batch
from producers.cdc_position import Held, Track, moved
from tests.producers.cdc_kit import EVENT, READS, meant


def test_one_change_for_each_record():
    """The same change to several records is one event; reading recordIds[0] only loses the others."""
    changes, _ = meant(replace(EVENT, record_ids=("001A", "001B", "001C")))
    assert [change.record_id for change in changes] == ["001A", "001B", "001C"]
    assert len({change.event_id for change in changes}) == 3


def test_an_updates_body_is_its_changed_fields_with_nulls():
    """What didn't change is not in the body, what was cleared is."""
    (change,), requests = meant(EVENT)
    assert (change.kind, json.loads(change.body), requests) == ("update", {"Phone": "1", "Fax": None}, [])
    assert (change.number, change.time, change.entity, change.object) == (12, 2_000_000, "customer", "Account")


def test_a_new_record_says_where_it_is_empty():
    """Left out, an empty credit limit was unknown, and one typed in sales later stood for ever: it looked as if it had been there all along."""
    event = replace(EVENT, change_type="CREATE", changed=(), nulled=(), values={"Name": "Acme", "Phone": None, "Unmapped__c": None})
    (change,), requests = meant(event)
    assert (change.kind, json.loads(change.body), requests) == ("create", {"Id": "001A", "Name": "Acme", "Phone": None}, [])


def test_money_keeps_its_digits():
    """A price is a JSON number of the shortest decimal text, never a float's noise."""
    (change,), _ = meant(replace(EVENT, changed=("Credit__c",), nulled=(), values={"Credit__c": Decimal("191.94")}))
    assert change.body == '{"Credit__c":191.94}'


def test_a_repeat_has_the_same_event_id():
    """Replay ids may differ between deliveries; the transaction, the sequence and the record don't."""
    (first,), _ = meant(EVENT)
    (second,), _ = meant(replace(EVENT, replay_id=b"other", event_id="e2"))
    assert first.event_id == second.event_id


@pytest.mark.parametrize("kind", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "SNAPSHOT", "SOMETHING_NEW"])
def test_gaps_and_unknown_kinds_say_that_the_content_is_unknown(kind):
    """Taking the all-null body of a gap for values would wipe the record; ignoring it would lose the change."""
    changes, requests = meant(replace(EVENT, change_type=kind, changed=(), nulled=(), values={}, record_ids=("001A", "001B")))
    assert [(change.kind, change.record_id, change.body, change.reason) for change in changes] == [
        ("gap", "001A", "{}", kind),
        ("gap", "001B", "{}", kind),
    ]
    assert requests == []


@pytest.mark.parametrize("ids", [(), ("001*",)])
def test_without_ids_the_whole_object_is_read_since_the_last_good_position(ids):
    """GAP_OVERFLOW and wildcards name no record: only a window finds them."""
    changes, requests = meant(replace(EVENT, change_type="GAP_OVERFLOW", changed=(), nulled=(), values={}, record_ids=ids))
    assert changes == []
    (request,) = requests
    assert (request.object, request.record_id, request.since, request.not_before) == ("Account", "*", 1_000, 2_005_000)


def test_a_gap_of_a_line_asks_for_a_window_because_its_order_is_unknown():
    """The gap has no OrderId; without a window the order would keep the old line."""
    event = replace(EVENT, entity="OrderItem", change_type="GAP_UPDATE", changed=(), nulled=(), values={}, record_ids=("802A",))
    _, requests = meant(event)
    assert [(request.entity, request.object, request.record_id) for request in requests] == [("order", "OrderItem", "*")]


@pytest.mark.parametrize(("field", "reason"), [("diffed", "difference instead of a value"), ("hidden", "value not shown")])
def test_a_value_that_was_not_sent_is_read(field, reason):
    """A difference of a long text, and a field that we may not read, are no values: the record is read."""
    event = replace(EVENT, changed=("Description",), nulled=(), values={}, **{field: ("Description",)})
    (change,), (request,) = meant(event)
    assert (change.body, request.record_id, request.reason, request.not_before) == ("{}", "001A", reason, 2_005_000)
    _, others = meant(replace(event, **{field: ("Unmapped__c",)}))
    assert others == []


def test_an_event_that_does_not_fit_its_schema_has_everything_read():
    """Its record is unknown: every mapped object is read since the last good position, and the stream goes on."""
    _, requests = meant(Undecodable(b"x", "e9", "schema", "EOFError"))
    assert {(request.object, request.record_id) for request in requests} == {(one.object, "*") for one in READS}


def test_objects_that_are_not_mapped_are_no_business_of_ours():
    """A channel may carry more than we map."""
    assert meant(replace(EVENT, entity="Lead")) == ([], [])


def test_the_position_stays_before_an_event_that_may_go_on():
    """Committing the shared id after the first part of a split event and crashing would lose its other parts."""
    one, two, three = (replace(EVENT, replay_id=bytes([n]), commit_ms=n * 1000) for n in (1, 2, 3))
    start = Track(Held("org", "channel", "00", 500))
    track = moved(start, Batch((one, two, two), b"\2"), 9_000)
    assert (track.held.replay_id, track.held.at) == ("01", 1000)
    assert moved(track, Batch((two,), b"\2"), 9_000).held.replay_id == "01"
    assert moved(track, Batch((three,), b"\3"), 9_000).held.replay_id == "02"
    quiet = moved(track, Batch((), b"\4"), 9_000)
    assert (quiet.held.replay_id, quiet.held.at) == ("04", 9_000)
