"""The journal and the store beneath: what change events are made of, and what a restart keeps."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.salesforce.journal import FIRST_COMMIT
from ops.sandbox.salesforce.org import Org
from ops.sandbox.salesforce.problems import Refused


def test_one_transaction_tells_all_its_records_in_order(org, shop):
    """A line and the total of its order share key and commit number; sequences count from 1; numbers rise."""
    order = shop.order()
    seen = org.journal.last
    line = shop.line(order)
    entries = org.journal.since(seen, 10)
    assert [(one.sequence, one.object, one.record_id, one.change) for one in entries] == [
        (1, "OrderItem", line, "CREATE"),
        (2, "Order", order, "UPDATE"),
    ]
    assert len({(one.commit_number, one.transaction_key, one.commit_ms) for one in entries}) == 1
    assert entries[0].commit_number > seen > FIRST_COMMIT
    assert entries[0].commit_ms % 1000 == 0
    assert entries[1].changed == ("TotalAmount", "LastModifiedDate")
    assert entries[0].changed == ()
    assert entries[0].values["UnitPrice"] == Decimal("9.99")


def test_an_update_names_what_changed_and_what_was_cleared(org):
    """Flat names, cleared ones twice; what was sent but equal isn't changed."""
    record_id = org.create("Account", {"Name": "A", "Phone": "1", "BillingStreet": "x"})
    seen = org.journal.last
    org.update("Account", record_id, {"Name": "A", "Phone": None, "BillingStreet": "y"}, user="sales@accord-sandbox.example")
    (entry,) = org.journal.since(seen, 10)
    assert set(entry.changed) == {"Phone", "BillingStreet", "LastModifiedDate", "LastModifiedById"}
    assert entry.nulled == ("Phone",)
    assert "SystemModstamp" not in entry.changed


def test_a_delete_and_an_undelete_are_told_as_such(org):
    """DELETE, then UNDELETE with the whole record."""
    record_id = org.create("Account", {"Name": "A"})
    seen = org.journal.last
    org.delete("Account", record_id)
    org.undelete("Account", record_id)
    assert [(one.change, one.changed) for one in org.journal.since(seen, 10)] == [("DELETE", ()), ("UNDELETE", ())]


def test_made_and_changed_in_one_transaction_is_one_creation(org):
    """Several statements on one record leave its last state; made and deleted in one leaves nothing."""
    item = org.objects["Account"]
    with org.transaction(org.caller()) as tx:
        kept = org.saver.create(tx, item, {"Name": "A"})
        org.saver.update(tx, item, kept, {"Name": "B"})
        org.saver.delete(tx, item, org.saver.create(tx, item, {"Name": "C"}))
    assert [(one.record_id, one.change, one.values["Name"]) for one in org.journal.since(0, 10)] == [(kept, "CREATE", "B")]


def test_a_refused_save_leaves_no_trace(org):
    """No record, no index entry, no journal line, no stamp: the key is free again."""

    def twice() -> None:
        with org.transaction(org.caller()) as tx:
            for name in "AB":
                org.saver.create(tx, org.objects["Account"], {"Name": name, "Accord_Key__c": "k"})

    with pytest.raises(Refused):
        twice()
    assert org.journal.since(0, 10) == []
    assert org.create("Account", {"Name": "C", "Accord_Key__c": "k"})


def test_readers_are_woken_after_the_commit(org):
    """A subscriber sees the entries when it is called; none comes after it left."""
    seen: list[int] = []
    leave = org.journal.subscribe(lambda: seen.append(len(org.journal.since(0, 100))))
    org.create("Account", {"Name": "A"})
    org.create("Account", {"Name": "B"})
    leave()
    org.create("Account", {"Name": "C"})
    assert seen == [1, 2]


def test_pages_of_the_journal_never_part_a_transaction(org):
    """A limit in the middle of a transaction reads to its end: half a transaction would be half an order."""
    with org.transaction(org.caller()) as tx:
        for i in range(5):
            org.saver.create(tx, org.objects["Account"], {"Name": f"A{i}"})
    org.create("Account", {"Name": "B"})
    first = org.journal.since(0, 2)
    assert len(first) == 5
    assert [one.values["Name"] for one in org.journal.since(first[-1].commit_number, 2)] == ["B"]


@pytest.mark.parametrize(
    ("path", "body", "origin"),
    [
        ("~/sobjects/Account", {"Name": "A"}, "com/salesforce/api/rest/67.0;client=accord"),
        ("~/composite/sobjects", {"records": [{"attributes": {"type": "Account"}, "Name": "A"}]}, "com/salesforce/api/rest/67.0"),
        (
            "~/composite",
            {"compositeRequest": [{"method": "POST", "url": "/services/data/v67.0/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}}]},
            "com/salesforce/api/rest/67.0",
        ),
    ],
)
def test_the_clients_tag_is_lost_in_collections(org, http, path, body, origin):
    """Sforce-Call-Options reaches the origin of single calls only: who drops echoes by origin alone lets these through."""
    http("POST", path, json=body, headers={"Sforce-Call-Options": "client=accord"})
    assert org.journal.since(0, 1)[0].origin == origin


def test_a_restart_keeps_records_journal_serials_and_secrets(tmp_path):
    """Everything accepted is there again; ids and order numbers go on where they were, so nothing gets another's identity."""

    def start() -> Org:
        return Org(tmp_path, clock=SandboxClock(), faults=Switchboard(Random(1)))

    first = start()
    one = first.create("Account", {"Name": "A", "Accord_Key__c": "k", "Accord_Credit_Limit__c": "191.94"})
    gone = first.create("Account", {"Name": "B"})
    first.delete("Account", gone)
    first.create("Accord_Fulfilment__c", {"Account__c": one})
    known = (first.org_id, first.secrets, first.journal.last, first.get("Account", one))
    first.close()
    second = start()
    assert (second.org_id, second.secrets, second.journal.last, second.get("Account", one)) == known
    assert second.get("Account", one)["Accord_Credit_Limit__c"] == Decimal("191.94")
    with pytest.raises(Refused, match="duplicate value"):
        second.create("Account", {"Name": "C", "Accord_Key__c": "K"})
    assert second.create("Account", {"Name": "D"}) not in {one, gone}
    mirror = second.create("Accord_Fulfilment__c", {})
    assert second.get("Accord_Fulfilment__c", mirror)["Name"] == "AF-0000002"
    assert [entry.change for entry in second.journal.since(0, 100)] == ["CREATE", "CREATE", "DELETE", "CREATE", "CREATE", "CREATE"]
    second.close()


def test_five_entities_and_no_more():
    """A sixth entity without the add-on is refused at start: a plan for ten objects must fail early."""
    from ops.sandbox.salesforce import secret
    from ops.sandbox.salesforce.settings import Settings

    six = ("Account", "Contact", "Order", "OrderItem", "Quote", "Case")
    with pytest.raises(ValueError, match="6 entities"):
        Org(None, clock=SandboxClock(), faults=Switchboard(Random(1)), settings=Settings(cdc_entities=six), credentials=secret.make())
    org = Org(None, clock=SandboxClock(), faults=Switchboard(Random(1)), settings=Settings(cdc_entities=six, cdc_addon=True))
    assert org.cdc_entities == list(six)
    assert [member.entity for member in org.channels["Accord_Changes__chn"]] == ["Account", "Contact", "Order", "OrderItem", "Quote"]
    assert next(m for m in org.channels["Accord_Changes__chn"] if m.entity == "OrderItem").enriched == ("OrderId",)
    org.close()
