"""The soak's checker on records with known faults: each kind is found and called by its name, and none is invented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.soak.checker import ZERO, Recorded, check
from tests.ops.soak.world import account, customer, ns, sf, well

#: What was done to two systems that agreed, and what it must be called. None of them may be called anything else beside.
SEEDED: list[tuple[str, str, Callable[[Recorded], object]]] = [
    ("lost", "a customer never came to NetSuite", lambda s: s.customers.pop(0)),
    ("lost", "an account never came to Salesforce", lambda s: s.accounts.pop(1)),
    ("lost", "the last name never came", lambda s: (s.customers[0].update(companyName="b"), s.ns_journal.pop(2))),
    ("lost", "a limit never came", lambda s: (s.accounts[0].update(Accord_Credit_Limit__c=None), s.sf_journal.pop(3))),
    ("lost", "a foreign edit still stands", lambda s: (s.customers[0].update(phone="+1 503 999 9999"), s.ns_journal.pop(5))),
    ("lost", "a deletion never came", lambda s: s.customers[2].update(inactive="F")),
    ("lost", "a customer was inactivated for nothing", lambda s: s.customers[1].update(inactive="T")),
    ("lost", "a deleted customer was deleted over there too", lambda s: s.customers.pop(2)),
    ("lost", "an order never came", lambda s: (s.sales.pop(), s.invoices[0].clear(), s.invoices[1].clear())),
    ("lost", "a parcel never came back", lambda s: s.fulfilments[0].clear()),
    ("lost", "an invoice was deleted and still stands", lambda s: (s.invoices[1].clear(), s.orders[0].update(invoiced=0))),
    ("lost", "a price never came", lambda s: s.prices.update({"S1-I0": (10, 9)})),
    ("doubled", "a customer is there twice", lambda s: s.customers.append(customer(0, "c", "503 200 0001") | {"id": "777"})),
    ("doubled", "an account is there twice", lambda s: s.accounts.append(account(1, "n", "503 200 0002") | {"id": "0017"})),
    ("doubled", "an order is two sales orders", lambda s: s.sales.append({"id": "999", "order": "8010", "total": "31.98"})),
    ("doubled", "an invoice stands twice", lambda s: s.invoices[0].append({"netsuite_id": "902", "total": "31.98"})),
    ("doubled", "a deleted account was raised from the dead", lambda s: s.accounts.append(account(2, "gone", ""))),
    ("misordered", "an older name came last", lambda s: (s.customers[0].update(companyName="b"), s.ns_journal.append(ns(0, "update", True, companyName="b")))),
    ("echo_writes", "a name came back to its owner", lambda s: s.sf_journal.append(sf(0, "update", True, Name="c"))),
    ("echo_writes", "a limit came back to its owner", lambda s: s.ns_journal.append(ns(0, "update", True, creditLimit="1005.00"))),
    ("echo_writes", "a write that changed nothing", lambda s: s.ns_journal.append(ns(0, "update", True, companyName="c"))),
    ("echo_writes", "an empty write", lambda s: s.sf_journal.append(sf(0, "update", True))),
    ("totals_off", "NetSuite's total is another", lambda s: s.sales[0].update(total="30.00")),
    ("totals_off", "the order shows another total", lambda s: s.orders[0].update(total="30.00")),
    ("totals_off", "billed is not what is shown", lambda s: s.orders[0].update(invoiced=0)),
    ("totals_off", "an invoice shows another amount", lambda s: s.invoices[0][0].update(total="31.99")),
    ("totals_off", "a parcel shows another quantity", lambda s: s.fulfilments[0][0].update(quantity=1)),
    ("parked_wrongly", "a customer waits for nothing", lambda s: s.accounts[0].update(status="waiting")),
    ("parked_wrongly", "an order was refused", lambda s: s.orders[0].update(status="rejected")),
]


@pytest.mark.parametrize(("kind", "what", "spoil"), SEEDED, ids=[f"{kind}: {what}" for kind, what, _ in SEEDED])
def test_each_fault_is_found_and_called_by_its_name(kind: str, what: str, spoil: Callable[[Recorded], object]):
    """A checker that can't fail lets everything pass, and nobody would know."""
    seen = well()
    spoil(seen)
    found = check(seen)
    assert {name: n for name in ZERO if (n := found.counts[name])} == {kind: 1}, (what, found.told)
    assert not found.clean


def test_every_kind_has_been_seeded():
    """A count that no test has ever seen above 0 may be a constant."""
    assert {kind for kind, _, _ in SEEDED} | {"ownership_violations"} == set(ZERO)


def test_an_overwritten_owner_is_found_although_both_sides_agree():
    """The worst of all: Salesforce's name was overwritten, and both systems agree on the wrong one."""
    seen = well()
    seen.sf_journal.append(sf(0, "update", True, Name="z"))
    seen.ns_journal.append(ns(0, "update", False, companyName="z"))
    seen.accounts[0]["Name"] = seen.customers[0]["companyName"] = "z"
    found = check(seen)
    assert {name: n for name in ZERO if (n := found.counts[name])} == {"ownership_violations": 1}, found.told


def test_nothing_is_invented():
    """Foreign edits that were put back, numbers in other forms, a deleted customer: all of that is well. A checker that cries is not believed."""
    found = check(well())
    assert found.clean, found.told
    assert found.told == []
    assert found.counts["transient_regressions"] == 0


def test_what_was_seen_only_in_passing_is_counted_apart():
    """An older state for a moment is told, but at rest all is right."""
    seen = well()
    seen.ns_journal[3:3] = [ns(0, "update", True, companyName="b"), ns(0, "update", True, companyName="c")]
    found = check(seen)
    assert found.clean, found.told
    assert found.counts["transient_regressions"] == 1


def test_a_user_who_goes_back_twice_is_no_regression():
    """The old value is new again when a person wrote it again."""
    seen = well()
    seen.sf_journal[3:3] = [sf(0, "update", False, Name=name) for name in ("b", "c", "b", "c")]
    seen.ns_journal[3:3] = [ns(0, "update", True, companyName=name) for name in ("b", "c", "b", "c")]
    found = check(seen)
    assert found.clean, found.told
    assert found.counts["transient_regressions"] == 0


def test_the_same_write_twice_is_forgiven_only_where_an_outcome_could_be_unknown():
    """After a cut or a kill the same write may go once more; without one it is an echo."""
    seen = well()
    seen.ns_journal.insert(3, ns(0, "update", True, companyName="c"))
    assert check(seen).counts["echo_writes"] == 1
    seen.ambiguous = True
    found = check(seen)
    assert found.clean, found.told
    assert found.counts["needless_writes"] == 1


@pytest.mark.parametrize("empty", ["accounts", "customers", "sf_journal", "ns_journal"])
def test_nothing_to_judge_is_no_success(empty: str):
    """A run in which nobody worked has 0 of everything."""
    seen = well()
    getattr(seen, empty).clear()
    with pytest.raises(ValueError, match="nothing to judge"):
        check(seen)


def test_a_value_that_went_there_and_back_explains_a_write_that_changed_nothing():
    """A user's mistake and its undoing may meet in one write that says what NetSuite holds already: that is no echo. One more would be."""
    seen = well()
    seen.sf_journal[3:3] = [sf(0, "update", False, Name="oops"), sf(0, "update", False, Name="c")]
    seen.ns_journal[3:3] = [ns(0, "update", True, companyName="c")]
    found = check(seen)
    assert found.clean, found.told
    assert found.counts["needless_writes"] == 1
    seen.ns_journal[3:3] = [ns(0, "update", True, companyName="c")] * 2
    assert not check(seen).clean


def test_what_no_owner_has_ever_claimed_may_not_stand():
    """A limit that sales typed where finance never gave one: sales would read a credit that nobody has granted (decision 13)."""
    seen = well()
    seen.accounts[1]["Accord_Credit_Limit__c"] = 500
    assert check(seen).counts["lost"] == 1


def fight() -> Recorded:
    """NetSuite's script sets another fax in every save; Accord has put it back twice and then left it alone."""
    seen = well()
    seen.accounts[0]["Fax"], seen.customers[0]["fax"] = "+1 503 200 0009", "+1 503 555 0666"
    seen.sf_journal.append(sf(0, "update", False, Fax="+1 503 200 0009"))
    seen.ns_journal += [ns(0, "update", True, fax="+1 503 555 0666")] * 2
    return seen


def test_a_fight_with_a_script_may_be_left_but_not_go_on_for_ever():
    """Nobody can win against a script; writing for ever would eat the day's calls."""
    found = check(fight())
    assert found.clean, found.told
    assert found.counts["fights_left"] == 1
    seen = fight()
    seen.ns_journal += [ns(0, "update", True, fax="+1 503 555 0666")] * 20
    assert check(seen).counts["echo_writes"] == 1


def test_a_fight_excuses_nothing_but_the_scripts_own_value():
    """The fax of a person that stands in neither system is lost, fight or not."""
    seen = fight()
    seen.customers[0]["fax"] = "+1 503 200 0001"
    assert check(seen).counts["lost"] == 1
