"""Which org or account the positions were made with."""

from __future__ import annotations

from ops.wiring.home import first_seen


def test_the_account_is_what_any_source_of_the_system_has_stored():
    """Sinks have no position of their own: they go by what the producers have seen, and by nothing of the other system."""
    positions = {"netsuite.deleted": '{"account": "1234567", "since_ms": 5}', "salesforce.cdc": '{"org": "00DHs0", "at": 1}', "salesforce.x": '{"account": ""}'}
    assert (first_seen(positions, "salesforce"), first_seen(positions, "netsuite")) == ("00DHs0", "1234567")


def test_before_the_first_reading_nothing_is_known():
    """The very first start must not be refused."""
    assert first_seen({}, "netsuite") == ""
    assert first_seen({"netsuite.item": '{"account": ""}'}, "netsuite") == ""
