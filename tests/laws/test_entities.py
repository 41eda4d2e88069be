"""The laws on every shipped entity: random histories of people's edits, with changes that come late, twice and in any order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import Observation
from schemas.ids import SYSTEMS
from streams.mapping.when import named
from tests.laws.pair import Pair
from tests.laws.values import links_of
from tests.streams.mapping.builders import Links, entities, link, observed, order_body, order_line, reference, tables

ENTITIES = sorted(entities())
#: Calls that landed in all histories of an entity: laws about nothing prove nothing.
LANDED: Counter[str] = Counter()


def known() -> Links:
    return Links(*links_of(ENTITIES), link("item:netsuite:5", salesforce="01t-CUP-01", netsuite="5", facts={"sku": "CUP-01"}))


def wished(pair: Pair, system: str) -> dict[str, str | None]:
    """A record that may be made in the other system."""
    fields = {name: next((v for v in pair.options(system, name) if v is not None), None) for name in pair.peoples(system)}
    if pair.record.entity in ("order", "quote") and system == "salesforce":
        body = order_body(order_line(1, "CUP-01", "2", "10.00"), Accord_Shipping_Cost__c=None)
        fields |= {n: v for n, v in observed("order", system, body).items() if n in fields} | {
            n: None for n in ("stated_total", "tax_total", "tax_given") if n in fields
        }
    for target in SYSTEMS:
        for part in pair.table.section("create", target).get("when", ()) if target != system else ():
            name = part.get("field", "")
            options = part.get("is") or (list(named(part["within"], pair.reference)) if "within" in part else ())
            if part.get("present") is False:
                fields[name] = None
            elif name in fields and options:
                fields[name] = next(iter(options))
            elif name in fields and fields[name] in part.get("not", ()):
                fields[name] = next(v for v in pair.options(system, name) if v not in part["not"])
    return fields


steps = st.lists(
    st.tuples(st.sampled_from(["edit", "edit", "edit", "deliver", "again", "write"]), st.integers(0, 1 << 16), st.integers(0, 1 << 8)), max_size=25
)


def run(pair: Pair, history: list[tuple[str, int, int]]) -> None:
    for action, n, m in history:
        system = SYSTEMS[n % 2]
        if action == "deliver":
            pair.deliver(n)
        elif action == "again":
            pair.again(n)
        elif action == "write":
            pair.write(system)
        elif pair.held[system] is not None and pair.table.section(system):
            names = pair.peoples(system)
            name = names[n // 2 % len(names)]
            options: Any = pair.options(system, name)
            pair.save(system, {name: options[m % len(options)]}, event=system == "salesforce" and n % 3 > 0)
    pair.quiet()


@pytest.mark.parametrize("entity", ENTITIES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(history=steps)
def test_both_systems_end_equal_under_ownership_and_a_replay_writes_nothing(entity: str, history: list[tuple[str, int, int]]):
    """Whatever people did and however it arrived: each field is as its owner has it, nothing is pending, no owner's value was overwritten."""
    table = tables()[entity]
    pair = Pair(table, entities()[entity], reference(), known())
    first = table.master if table.master in SYSTEMS and pair.fields(table.master) else "netsuite"
    pair.begin(first, wished(pair, first))
    run(pair, history)
    pair.check()
    LANDED[entity] += pair.made
    made = pair.made
    for input_ in [each for each in pair.taken if isinstance(each, Observation)]:
        pair.take(input_)
    pair.quiet()
    assert pair.made == made, "a replay writes nothing"
    pair.check()


def test_every_entity_was_written_in_these_histories():
    """A law about a record that nobody ever writes holds for nothing."""
    assert [name for name in ENTITIES if LANDED and not LANDED[name]] == []
