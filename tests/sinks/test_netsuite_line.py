"""Lines of an address book as records of their own, with the real client against the sandbox, and read back by the mapping's own search."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accord.errors import Rejected
from schemas.events import Part, Write
from sinks import clients
from sinks.target import Verdict
from streams.stages.reconcile import instead
from tests.accord.served import ServedAccount
from tests.sinks.builders import a_job, a_link
from tests.streams.mapping.builders import NOTHING, ask_of, entities, observed, record_of
from tests.streams.mapping.sandbox_kit import agree, rows

ROW = {
    "Account__c": "001A", "Label__c": "Dock 2", "Street__c": "1 Harbour Way\r\nGate B", "City__c": "Portland", "State_Code__c": "OR",
    "Postal_Code__c": "97201", "Country_Code__c": "US", "Addressee__c": "Goods In", "Phone__c": "+1 503 555 0100", "Residential__c": False,
}  # fmt: skip
DOCK: dict[str, Any] = {"addressBookAddress": {"addr1": "1 Harbour Way", "city": "Portland", "zip": "97201", "country": {"id": "US"}}, "label": "Dock 2"}


class Book:
    """One customer's address book."""

    def __init__(self, served: ServedAccount) -> None:
        self.served, self.rest = served, served.client()
        self.target = clients.netsuite(self.rest, calls=4)
        home = {"defaultBilling": True, "defaultShipping": True, "addressBookAddress": {"addr1": "1 Main St", "city": "Salem", "country": {"id": "US"}}}
        body = {"companyName": "Line Ltd", "subsidiary": {"id": "1"}, "addressBook": {"items": [home]}}
        self.customer = served.background.run(self.rest.create("customer", body))

    def send(self, kind: str, line: dict[str, Any] | None = None, id_: str = "", **more: Any) -> Verdict:
        body = {"holder": {"$ref": "customer:salesforce:001A"}, "line": line} if line is not None else {}
        part = Part("customer", id_, "address-salesforce-a00", json.dumps(body), "{}")
        return self.write(Write("netsuite", "address:salesforce:a00", "address", 1, kind, id_, {}, {}, (part,), options={"line_of": "addressBook"}), **more)

    def write(self, write: Write, *, doubt: bool = False) -> Verdict:
        job = a_job(write, a_link("customer:salesforce:001A", netsuite=self.customer), doubt=doubt)
        (verdict,) = self.served.background.run(self.target.apply([job]))
        return verdict

    def lines(self) -> list[dict[str, Any]]:
        found = self.served.background.run(self.rest.get("customer", self.customer))
        return [
            {"label": line.get("label"), "default": line["defaultBilling"], "addr1": line["addressBookAddress"]["addr1"]}
            for line in found["addressBook"]["items"]
        ]


@pytest.fixture
def book(account: ServedAccount) -> Book:
    return Book(account)


HOME = {"label": None, "default": True, "addr1": "1 Main St"}


def test_a_line_is_added_changed_and_taken_away(book: Book) -> None:
    """Each for itself: the default address of the customer must stay as it is."""
    made = book.send("create", DOCK)
    assert (made.kind, made.created, made.id.startswith(f"{book.customer}-")) == ("applied", True, True)
    assert book.lines() == [HOME, {"label": "Dock 2", "default": False, "addr1": "1 Harbour Way"}]
    changed = book.send("update", {"label": "Dock 3"}, made.id)
    assert (changed.kind, changed.id) == ("applied", made.id)
    assert book.lines()[1] == {"label": "Dock 3", "default": False, "addr1": "1 Harbour Way"}
    assert book.send("update", {"label": "Dock 3"}, made.id).kind == "unchanged"
    assert book.send("delete", id_=made.id).kind == "applied"
    assert book.lines() == [HOME]


def test_what_may_have_been_added_is_looked_for_first(book: Book) -> None:
    """The answer was lost after the save: sent again blindly, the customer would have the address twice."""
    book.served.fault("reset_after_commit", match={"method": "PATCH"})
    lost = book.send("create", DOCK)
    assert (lost.kind, lost.ambiguous) == ("retry", True)
    again = book.send("create", DOCK, doubt=True)
    assert again.kind == "unchanged"
    assert again.id
    assert len(book.lines()) == 2


def test_a_line_that_somebody_removed_is_told_as_gone(book: Book) -> None:
    """An update by its id would be refused for ever; gone, it is made again where the mapping says so."""
    made = book.send("create", DOCK)
    book.send("delete", id_=made.id)
    assert book.send("update", {"label": "x"}, made.id).kind == "gone"
    assert book.send("delete", id_=made.id).kind == "gone"


def test_an_address_reads_back_as_it_was_written(book: Book) -> None:
    """By the search that polls: what differs would be written again and again, and at last be refused."""
    ours = dict(observed("address", "salesforce", {**ROW, "Id": "a00"}, "create"))
    ask = ask_of("address", "netsuite", salesforce=ours)
    parts, options = entities()["address"].render(ask, record_of("address", "address:salesforce:a00", salesforce=ours), NOTHING)
    made = book.write(Write("netsuite", "address:salesforce:a00", "address", 1, "create", "", {}, {}, tuple(parts), options=options))
    assert made.kind == "applied"
    (row,) = [r for r in book.served.background.call(rows, book.served.ends.account, "address") if r["internalid"] == book.customer]
    theirs = dict(observed("address", "netsuite", row))
    assert agree("address", ours, theirs) == {}
    assert (theirs["customer"], theirs["place_state"], theirs["customer_id"]) == (f"customer:netsuite:{book.customer}", "OR", book.customer)
    assert instead(ask, record_of("address", "address:salesforce:a00", salesforce=ours)) == {}


def test_what_netsuite_refuses_comes_back_as_refused(book: Book) -> None:
    """A country that NetSuite doesn't know: the person reads it on the address."""
    verdict = book.send("create", {"addressBookAddress": {"addr1": "x", "country": {"id": "ZZ"}}})
    assert verdict.kind == "rejected"
    assert "ZZ" in verdict.message or "country" in verdict.message.lower()
    with pytest.raises(Rejected):
        book.served.background.run(book.rest.update("customer", book.customer, {"addressBook": {"items": [{"id": "999"}]}}))
