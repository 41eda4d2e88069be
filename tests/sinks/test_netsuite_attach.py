"""A contact's role at its company, with the real client against the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sinks import clients
from sinks.target import Verdict
from tests.accord.served import ServedAccount
from tests.sinks.builders import a_job, a_link, a_write

ROLE = {"to": {"$ref": "customer:salesforce:001A"}, "role": {"id": "-10"}}
BODY = {"firstName": "Ada", "lastName": "Lind", "subsidiary": {"id": "1"}}


class People:
    """One company and its contacts."""

    def __init__(self, served: ServedAccount) -> None:
        self.served, self.rest = served, served.client()
        self.target = clients.netsuite(self.rest, calls=4)
        self.company = served.background.run(self.rest.create("customer", {"companyName": "Roles Ltd", "subsidiary": {"id": "1"}}))

    def send(self, key: str, *, doubt: bool = False, **write: Any) -> Verdict:
        made = a_write(f"contact:salesforce:{key}", object="contact", options={"attach": "customer/contactRole"}, **write)
        job = a_job(made, a_link("customer:salesforce:001A", netsuite=self.company), doubt=doubt)
        (verdict,) = self.served.background.run(self.target.apply([job]))
        return verdict

    def role(self, id_: str) -> str | None:
        found = self.served.background.run(self.rest.get("contact", id_))
        return (found.get("contactRole") or {}).get("refName")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedAccount]:
    served = ServedAccount(tmp_path_factory.mktemp("roles"))
    yield served
    served.close()


@pytest.fixture
def people(account: ServedAccount) -> People:
    return People(account)


def created(people: People, key: str, **more: Any) -> Verdict:
    return people.send(key, body={**BODY, "entityId": key, "company": {"id": {"$ref": "customer:salesforce:001A"}}}, seeds={"contactRole": ROLE}, **more)


def test_a_new_contact_gets_the_role_that_sales_gave_it(people: People) -> None:
    """In the contact's own body NetSuite drops it without a word: finance would call anybody."""
    verdict = created(people, "003A")
    assert (verdict.kind, verdict.created, verdict.calls) == ("applied", True, 2)
    assert people.role(verdict.id) == "Primary Contact"


def test_a_role_alone_is_one_call(people: People) -> None:
    """Nothing else of the contact has changed, and nothing else may be written."""
    id_ = created(people, "003B").id
    verdict = people.send("003B", id=id_, kind="update", body={"contactRole": {**ROLE, "role": {"id": "-30"}}})
    assert (verdict.kind, verdict.calls, people.role(id_)) == ("applied", 1, "Consultant")


def test_a_contact_whose_role_got_lost_gets_it_with_the_next_try(people: People) -> None:
    """The first call made it, the second failed: the repeat finds the contact, and tells the role all the same."""
    people.served.fault("error", match={"type": "customer"}, status=503)
    first = created(people, "003C")
    assert (first.kind, first.ambiguous, people.role(first.id)) == ("retry", True, None)
    again = created(people, "003C", doubt=True)
    assert (again.kind, again.id, people.role(first.id)) == ("applied", first.id, "Primary Contact")


def test_a_role_that_the_account_does_not_have_is_told(people: People) -> None:
    """By the contact's own status, with NetSuite's words; its other fields stand."""
    id_ = created(people, "003D").id
    verdict = people.send("003D", id=id_, kind="update", body={"title": "Buyer", "contactRole": {**ROLE, "role": {"id": "-99"}}})
    assert (verdict.kind, "role" in verdict.message, people.role(id_)) == ("rejected", True, "Primary Contact")
