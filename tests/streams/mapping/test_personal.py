"""Personal data stays out of the audit trail."""

from __future__ import annotations

import json

import pytest

from schemas.events import Audit
from streams.mapping import load, shipped, stores
from streams.mapping.personal import MASK, masked

KNOWN = {name: e.personal for name, e in load(shipped(), (), stores({}, {}), entities=("customer", "contact", "item"), margin_ms=5_000).items()}
SECRETS = {"Ada", "Lovelace", "ada@example.com", "+44 20 7946 0000", "12 St James's Square", "Countess"}


def step(what, detail, entity="contact", message=""):
    return Audit("c", 1, what, "netsuite", entity, "k", "7", "e", "", message, json.dumps(detail) if not isinstance(detail, str) else detail, 0)


def kept(*given, **more):
    return masked(step(*given, **more), KNOWN)


def test_a_decision_is_kept_without_the_values_of_a_person():
    """The trail is read by many, for years: it must say what was decided, not where somebody lives."""
    values = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0000",
        "mailing_street": "12 St James's Square",
        "fax": None,
    }
    found = json.loads(
        kept(
            "decided", {"fields": {**values, "opt_out": "true"}, "seeds": {"title": "Countess"}, "reasons": {"email": ["contact.email", "salesforce", "e"]}}
        ).detail
    )
    assert found["fields"] == {**dict.fromkeys(values, MASK), "fax": None, "opt_out": "true"}
    assert (found["seeds"], found["reasons"]["email"][0]) == ({"title": MASK}, "contact.email")


@pytest.mark.parametrize(
    "body",
    [
        {"Id": "003", "Email": "ada@example.com", "Name": {"FirstName": "Ada", "LastName": "Lovelace"}, "Nickname__c": "Countess", "HasOptedOutOfEmail": True},
        {
            "_type": "contact",
            "email": "ada@example.com",
            "phone": [{"value": "+44 20 7946 0000", "text": "+44 20 7946 0000"}],
            "billaddress1": "12 St James's Square",
            "unsubscribe": True,
        },
    ],
)
def test_of_a_native_record_only_what_is_known_to_be_harmless_is_kept(body):
    """A record holds fields that no mapping knows: what nobody has looked at may be anything."""
    found = kept("read", body).detail
    assert not [s for s in SECRETS if s in found]
    assert json.loads(found)[next(k for k in body if body[k] is True)] is True
    assert json.loads(found)[next(iter(body))] == next(iter(body.values()))


def test_what_a_target_quotes_is_masked_by_its_form():
    """ "Invalid email ada@example.com" is the answer that everybody pastes into a ticket."""
    assert kept("rejected", "", message="Invalid email ada@example.com.").message == f"Invalid email {MASK}."


def test_a_detail_that_cannot_be_read_is_left_out():
    """What can't be looked through can't be let through."""
    assert kept("read", "{broken ada@example.com").detail == ""
    assert kept("read", "[" * 100_000).detail == ""


def test_a_record_of_no_person_is_kept_as_it_is():
    """An item's price is what an audit is for."""
    given = step("decided", {"fields": {"name": "Cup", "price": "9.99"}}, entity="item")
    assert masked(given, KNOWN) is given
    assert (
        json.loads(kept("decided", {"fields": {"credit_limit": "100", "email": "ada@example.com"}}, entity="customer").detail)["fields"]["credit_limit"]
        == "100"
    )


def test_the_mapping_has_the_last_word(tmp_path):
    """A field of one's own may be personal, and a company's phone number need not be."""
    (tmp_path / "customer.toml").write_text('entity = "customer"\n[fields]\nname = { personal = true }\nphone = { personal = false }\n')
    mine = {"customer": load(shipped(), (tmp_path,), stores({}, {}), entities=("customer",), margin_ms=5_000)["customer"].personal}
    found = json.loads(masked(step("sent", {"values": {"name": "Ada", "phone": "+44"}}, entity="customer"), mine).detail)
    assert found == {"values": {"name": MASK, "phone": "+44"}}
