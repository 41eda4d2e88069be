"""References are read through links: by key and by either system's id."""

from __future__ import annotations

from accord.links import LinkIndex
from schemas.events import Link

KEY = "item:netsuite:55"


def link(key, ids, *, alias=""):
    return Link(key, "item", ids, {}, key, "active", alias)


def test_a_record_is_found_by_its_key_and_by_either_id():
    """An order names its product by Salesforce's id, the sink needs NetSuite's."""
    index = LinkIndex()
    index.put(KEY, link(KEY, {"netsuite": "55", "salesforce": "01t"}))
    assert {index.key_of(r) for r in (KEY, "item:salesforce:01t", "item:netsuite:55")} == {KEY}
    assert index.key_of("item:salesforce:01x") is None


def test_an_alias_leads_to_the_key_that_won():
    """What was folded is still named by those who saw it before."""
    index = LinkIndex()
    index.put("item:salesforce:01t", link("item:salesforce:01t", {"salesforce": "01t"}, alias=KEY))
    index.put(KEY, link(KEY, {"netsuite": "55", "salesforce": "01t"}))
    assert index.key_of("item:salesforce:01t") == KEY


def test_an_erased_link_leaves_nothing_behind():
    """A record erased on request must not be found by its id."""
    index = LinkIndex()
    index.put(KEY, link(KEY, {"netsuite": "55", "salesforce": "01t"}))
    index.put(KEY, None)
    assert index.key_of("item:salesforce:01t") is None
    assert index.link(KEY) is None


def test_a_cycle_of_aliases_ends():
    """A bug in folding must not hang a worker."""
    index = LinkIndex()
    index.put("item:netsuite:1", link("item:netsuite:1", {}, alias="item:netsuite:2"))
    index.put("item:netsuite:2", link("item:netsuite:2", {}, alias="item:netsuite:1"))
    assert index.key_of("item:netsuite:1") in {"item:netsuite:1", "item:netsuite:2"}
