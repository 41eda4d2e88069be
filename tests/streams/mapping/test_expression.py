"""Expressions of a mapping: what they can do, what they can't, and how their faults are told."""

from __future__ import annotations

import time

import pytest

from accord.errors import Fatal, Rejected
from streams.mapping import load, shipped
from streams.mapping.expression import FUNCTIONS, LONGEST_TEXT, expression, faults
from tests.streams.mapping.builders import NOTHING, reading, reference

KNOWN = {"salesforce": frozenset({"name", "amount", "country"}), "netsuite": frozenset({"number"})}


def value(source: str, **salesforce: str | None) -> str | None:
    return expression(source, "customer.toml:3: region")({"salesforce": salesforce, "netsuite": {}})


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("salesforce.country == 'DE' ? 'EMEA' : 'AMER'", "EMEA"),
        ("salesforce.name.startsWith('A') && salesforce.name != null", "true"),
        ("plus(salesforce.amount, '0.10')", "0.20"),
        ("rounded(times(salesforce.amount, '1.19'), 2)", "0.12"),
        ("less(salesforce.amount, '0.2')", "true"),
        ("upper(part(salesforce.name, 0, 2))", "AC"),
        ("replaced(trimmed(' a-b '), '-', '')", "ab"),
        ("salesforce.missing == null ? '' : 'x'", None),
        ("['DE', 'AT', 'CH'].exists(c, c == salesforce.country)", "true"),
        ("size(salesforce.name)", "4"),
    ],
)
def test_what_an_expression_answers_is_canonical(source, answer):
    """Amounts are exact decimals (0.1 + 0.1 in binary is a cent that nobody finds again); nothing is nothing, not the text None."""
    assert value(source, name="Acme", amount="0.10", country="DE") == answer


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("salesforce.name +", "expression: <input>:1:"),
        ("salesforce.nmae", "expression reads salesforce.nmae: no such field"),
        ("salesforce['nmae']", "expression reads salesforce.nmae: no such field"),
        ("row.name", "expression reads 'row'; known here are netsuite, salesforce"),
        ("open('x')", "expression calls 'open'; known are"),
        ("salesforce.name.__class__", ""),
        ("[[1].map(x, x)].map(y, y)", "expression with more than one map, filter, all or exists"),
        ("'" + "x" * 600 + "'", "expression of 602 characters; at most 500"),
    ],
)
def test_a_fault_is_found_before_it_runs(source, told):
    """What is wrong in a mapping must be told to whoever edits it, not to whoever's order meets it."""
    found = list(faults(source, KNOWN))
    assert not told or any(line.startswith(told) for line in found), found


@pytest.mark.parametrize("source", ["__import__('os')", "().__class__", "salesforce.__class__.__mro__", "eval('1')", "open('/etc/passwd')", "globals()"])
def test_nothing_leads_out(source):
    """A mapping comes from a repository that more people write to than may run code where the secrets are."""
    with pytest.raises((Rejected, ValueError)):
        value(source)


def test_an_error_names_file_line_expression_and_what_was_read():
    """The dead letter has the record; without these nobody knows which of fifty fields stopped it."""
    with pytest.raises(Rejected, match=r"customer\.toml:3: region: expression .*is no number.* \(with salesforce\.amount = 'ten'\)") as caught:
        value("plus(salesforce.amount, '1')", amount="ten")
    assert caught.value.code == "bad_expression"
    with pytest.raises(Rejected, match="answers float"):
        value("double('1.5') * 2.0")


def test_size_and_time_are_bounded():
    """One expression must not be able to hold up, or fill, the worker that all records go through."""
    with pytest.raises(Rejected, match="longer than"):
        value("salesforce.name", name="x" * (LONGEST_TEXT + 1))
    with pytest.raises(Rejected, match="longer than"):
        value("replaced(salesforce.name, 'x', 'yyyyyyyyyy')", name="x" * 10_000)
    for source in ("plus(salesforce.amount, '1')", "times(salesforce.amount, salesforce.amount)", "rounded(salesforce.amount, 2)"):
        with pytest.raises(Rejected):
            value(source, amount="1e999999999")
    before = time.process_time()
    assert value("salesforce.name.matches('(x+x+)+y')", name="x" * 10_000) == "false"
    assert time.process_time() - before < 5, "regular expressions are linear"
    assert set(FUNCTIONS) == {"plus", "minus", "times", "rounded", "less", "upper", "lower", "trimmed", "part", "replaced"}


OVERLAY = """
[fields]
region = { type = "text(4)", owner = "accord", salesforce = "Region__c", netsuite = "custentity_region", expr = "salesforce.billing_country == 'DE' ? 'EMEA!' : 'AMER'" }
sort_name = { type = "text(80)", owner = "netsuite", salesforce = "Sort_Name__c", netsuite = { columns = ["lastname", "pricelevel"], expr = "upper(row.lastname) + ', ' + shown.pricelevel" } }
[create.netsuite]
when = [{ expr = "salesforce.customer_type == 'customer' && salesforce.number == null" }]
"""


def test_a_mapping_uses_them_for_fields_readers_and_conditions(tmp_path):
    """A table says which field goes where; what must be put together, cut or decided is said in the same file, without code."""
    (tmp_path / "customer.toml").write_text(OVERLAY)
    entity = load(shipped(), [tmp_path], reference())["customer"]
    assert entity.rules.compute("region", "netsuite", reading(salesforce={"billing_country": "DE"}), NOTHING) == "EMEA", "cut at the field's length"
    values, _ = entity.observe("netsuite", "customer", {"lastname": "Meyer", "pricelevel": {"value": "2", "text": "Wholesale"}}, "row")
    assert values["sort_name"] == "MEYER, Wholesale"
    netsuite_read = next(r for r in entity.reads if hasattr(r, "columns"))
    assert {"lastname", "pricelevel"} <= set(netsuite_read.columns)
    assert entity.rules.creates("netsuite", reading(salesforce={"customer_type": "customer"}))
    assert not entity.rules.creates("netsuite", reading(salesforce={"customer_type": "prospect"}))


def test_faults_of_expressions_are_told_with_file_and_line(tmp_path):
    """All at once, as any other fault of the file."""
    path = tmp_path / "customer.toml"
    path.write_text(
        OVERLAY.replace("billing_country", "country")
        .replace("row.lastname", "row.firstname")
        .replace("salesforce.number", "salesforce.mood")
        .replace('owner = "accord"', 'owner = "netsuite"')
    )
    with pytest.raises(Fatal) as caught:
        load(shipped(), [tmp_path], reference())
    told = str(caught.value)
    assert f"{path}:3: region: expression reads salesforce.country: no such field" in told
    assert f"{path}:3: region: a field with an expression is worked out by accord alone" in told
    assert f"{path}:4: sort_name: expression reads row.firstname: no such column among those of this field" in told
    assert f"{path}:6: expression reads salesforce.mood: no such field" in told
