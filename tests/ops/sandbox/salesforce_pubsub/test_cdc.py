from dataclasses import replace

from ops.sandbox.salesforce import cdc
from ops.sandbox.salesforce.journal import FIRST_COMMIT, Entry

PLAIN = Entry(
    commit_number=FIRST_COMMIT + 5,
    transaction_key="tx",
    sequence=1,
    commit_ms=1_780_000_000_000,
    object="Account",
    record_id="001000000000001AAA",
    change="UPDATE",
    changed=("Phone", "LastModifiedDate"),
    nulled=(),
    values={"Phone": "1", "LastModifiedDate": "2026-05-28T20:26:40.000+0000"},
    user="005000000000001AAA",
    origin="",
)


def entry(sequence: int, **changes) -> Entry:
    return replace(PLAIN, sequence=sequence, **changes)


def test_the_same_change_to_several_records_is_one_event_with_all_their_ids():
    """A consumer that reads recordIds[0] only loses the other records."""
    events = cdc.bus_events([entry(1, record_id="a"), entry(2, record_id="b"), entry(3, record_id="c")])
    assert [event.record_ids for event in events] == [("a", "b", "c")]


def test_other_values_are_not_merged():
    """Two records that got different values are two events, else one would get the other's value."""
    events = cdc.bus_events([entry(1, record_id="a"), entry(2, record_id="b", values={**PLAIN.values, "Phone": "2"})])
    assert [event.record_ids for event in events] == [("a",), ("b",)]


def test_merging_never_crosses_another_object():
    """Order inside a transaction stays: a change of an Order between two of Accounts is not overtaken."""
    events = cdc.bus_events([entry(1, record_id="a"), entry(2, object="Order", record_id="o"), entry(3, record_id="b")])
    assert [event.object for event in events] == ["Account", "Order", "Account"]


def test_one_record_changed_twice_in_a_transaction_is_one_event_with_the_final_state():
    """The intermediate state was never visible, so no event may show it."""
    second = entry(2, changed=("Fax", "Phone"), nulled=("Phone",), values={"Phone": None, "Fax": "9"})
    (event,) = cdc.bus_events([entry(1), second])
    assert (event.sequence, event.entries[0].changed) == (1, ("Phone", "LastModifiedDate", "Fax"))
    assert (event.entries[0].nulled, event.entries[0].values["Fax"]) == (("Phone",), "9")


def test_created_and_changed_in_a_transaction_is_a_create_with_the_final_state():
    """A create is sent with what was committed."""
    created = entry(1, change="CREATE", changed=(), values={"Phone": "0"})
    (event,) = cdc.bus_events([created, entry(2)])
    assert (event.change, event.entries[0].changed, event.entries[0].values["Phone"]) == ("CREATE", (), "1")


def test_created_and_deleted_in_a_transaction_leaves_nothing():
    """Nobody ever saw that record."""
    created = entry(1, change="CREATE", changed=())
    assert cdc.bus_events([created, entry(2, change="DELETE", changed=())]) == []


def test_changes_beyond_the_limit_become_one_overflow_per_object_without_ids():
    """Each changed field counts one; what is cut off can only be found by reading the objects again."""
    transaction = [entry(n, record_id=f"r{n}", values={"Phone": str(n)}) for n in range(1, 5)]
    transaction.append(entry(5, object="Order", record_id="o", change="CREATE", changed=()))
    events = cdc.bus_events(transaction, overflow_at=4)
    assert [(event.change, event.object, event.record_ids) for event in events] == [
        ("UPDATE", "Account", ("r1",)),
        ("UPDATE", "Account", ("r2",)),
        ("GAP_OVERFLOW", "Account", ()),
        ("GAP_OVERFLOW", "Order", ()),
    ]
    assert sorted({event.at for event in events}) == [event.at for event in events]
