"""Where an item is sold: what its subsidiaries say to orders and shops."""

from __future__ import annotations

import pytest

from tests.streams.mapping.builders import entities


@pytest.mark.parametrize(("children", "said"), [(False, "us"), (True, None)])
def test_an_item_of_a_parent_with_its_children_is_sold_by_them_too(children, said):
    """The list names the parent alone: taken literally, every order of a child's store would come back as no longer sold."""
    body = {"internalid": "5", "subsidiary": "1", "includechildren": children, "_type": "inventoryitem"}
    assert entities()["item"].observe("netsuite", "", body, "row")[0]["subsidiaries"] == said
