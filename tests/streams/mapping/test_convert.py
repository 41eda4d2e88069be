"""Laws of the converters and of the normal forms."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import Rejected
from schemas.ids import SYSTEMS
from streams.mapping import convert
from streams.mapping.normal import normal_form, phone_of, quantized, stripped, url_of
from streams.mapping.source import parse
from streams.mapping.table import FieldTable, table_of
from streams.mapping.types import reader, writer
from tests.streams.mapping.builders import NOTHING, entities, reading, reference

TABLE = table_of(
    parse(
        "t",
        "t.toml",
        '[tables.hold]\non = { salesforce = "on", netsuite = ["ON", "On"] }\noff = { salesforce = "off", netsuite = "OFF" }\n',
    ),
    frozenset(),
)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(convert.read_text).filter(bool)
amounts = st.decimals(-10_000_000, 10_000_000, places=2).map(lambda d: format(d, "f"))
VALUES = {
    "text": texts, "email": texts, "url": texts, "phone": texts, "id": texts, "state": texts, "postal": texts,
    "bool": st.sampled_from(["true", "false"]), "not": st.sampled_from(["true", "false"]),
    "date": st.dates().map(lambda d: d.isoformat()),
    "money": amounts, "qty": amounts, "pct": amounts, "fx": amounts, "int": st.integers(-(10**9), 10**9).map(str),
    "enum(hold)": st.sampled_from(["on", "off"]),
    "map(terms)": st.just("net30"), "map(subsidiaries)": st.sampled_from(["us", "jp"]),
    "country": st.sampled_from(["US", "DE", "JP", "XK"]),
}  # fmt: skip


def flat(value):
    """A written value as the other system's search shows it."""
    return value["id"] if isinstance(value, dict) else value


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("kind", sorted(VALUES))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_is_written_reads_back_the_same(system, kind, data):
    """A converter that isn't undone would see its own write as another one's edit, for ever."""
    name, _, argument = kind.rstrip(")").partition("(")
    field = FieldTable("f", ("fields", "f"), name, argument)
    value = data.draw(VALUES[kind])
    assert reader(field, system, TABLE, reference())(flat(writer(field, system, TABLE, reference())(value))) == value


@pytest.mark.parametrize("kind", sorted({f"{f.kind}|{e}|{n}" for e, m in entities().items() for n, f in m.rules.fields.items()}))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_normal_forms_are_idempotent(kind, data):
    """The normal form of what was sent must be what was sent, or it would be sent again."""
    _, entity, name = kind.split("|")
    rules = entities()[entity].rules
    read = reading(salesforce={"billing_country": "US", "currency": data.draw(st.sampled_from(["USD", "JPY"]))})
    samples = {"money": amounts, "quantity": amounts, "percent": amounts, "rate": amounts, "integer": amounts, "lines": st.just("[]")}
    value = data.draw(samples.get(rules.fields[name].kind, texts))
    for system in SYSTEMS:
        once = rules.normal(system, name, value, NOTHING, read)
        assert once is None or rules.normal(system, name, once, NOTHING, read) == once


@pytest.mark.parametrize(
    ("text", "country", "form"),
    [
        ("(415) 555-0100", "US", "+14155550100"), ("+49 30 123456", None, "+4930123456"), ("030 123456", "DE", "+4930123456"),
        ("415-555-0100 x12", "US", "+14155550100x12"), ("extension 7", None, "7"), ("555 12", "US", "55512"),
    ],
)  # fmt: skip
def test_phones_compare_by_number(text, country, form):
    """Two ways of writing one number are no edit; an extension is kept."""
    assert phone_of(text, country) == form


def test_numbers_keep_their_digits():
    """Money is never a float: 0.1 + 0.2 must not become 0.30000000000000004 on an invoice."""
    assert convert.read_number(Decimal("1E+2")) == "100"
    assert convert.read_number("1,234.50") == "1234.50"
    assert convert.read_number("15.0%") == "15.0"
    assert convert.read_number({"value": "7.10", "text": "7.10"}) == "7.10"
    assert quantized("2.345", 2) == "2.35"
    assert stripped("10.500", 6) == "10.5"
    with pytest.raises(Rejected, match="'abc' is no number"):
        convert.read_number("abc")


def test_money_has_the_scale_of_its_currency():
    """A limit of 5000.4 JPY can't be held by NetSuite: compared at the yen it is no difference."""
    form = normal_form("money", "", "netsuite", "", reference())
    assert form is not None
    assert form("5000.4", NOTHING, reading(netsuite={"currency": "JPY"})) == "5000"
    assert form("5000.4", NOTHING, reading(salesforce={"currency": "USD"})) == "5000.40"


def test_dates_are_read_as_the_user_writes_them():
    """The search answers in the preference of the integration user; ISO passes always."""
    read = convert.date_reader(convert.DATE_ORDERS["D.M.YYYY"])
    assert [read(t) for t in ("3.11.2026", "2026-11-03", "", None)] == ["2026-11-03", "2026-11-03", None, None]
    with pytest.raises(Rejected):
        read("11/23/2026")


def test_an_address_without_a_scheme_is_the_same_address():
    """NetSuite refuses a URL without a scheme, and Salesforce users don't write one."""
    assert url_of("acme.com") == url_of("https://acme.com/")


def test_what_netsuite_has_no_code_for_cannot_be_held_there():
    """Terms that the table lacks are left empty, not sent as a text that NetSuite refuses."""
    rules = entities()["customer"].rules
    assert rules.normal("netsuite", "terms", "Net 99", NOTHING, reading()) is None
    assert rules.normal("salesforce", "terms", "Net 99", NOTHING, reading()) == "Net 99"


def test_a_phone_that_netsuite_refuses_is_left_out():
    """One short phone would have the whole customer refused."""
    rules = entities()["customer"].rules
    assert rules.normal("netsuite", "phone", "ext 12", NOTHING, reading()) is None
    assert rules.normal("salesforce", "phone", "ext 12", NOTHING, reading()) == "12"


def test_an_empty_amount_of_an_order_is_zero():
    """Empty in one system and 0.00 in the other is no difference: it would be written for ever."""
    observe = entities()["order"].observe
    assert observe("netsuite", "", {"discounttotal": "", "shippingcost": ""}, "row")[0]["discount"] == "0"
    assert observe("netsuite", "", {"discounttotal": "-15.00"}, "row")[0]["discount"] == "15.00"
    assert observe("salesforce", "", {"Accord_Shipping_Cost__c": None}, "row")[0]["ship_cost"] == "0"


@pytest.mark.parametrize("told", ["1e999999999", "-1E+61", "1e-999999999", "NaN", "-Infinity", "9" * 62, "0." + "1" * 61])
def test_a_number_that_would_fill_the_memory_is_none(told):
    """Eleven characters in a text field must not end the worker that writes them out, again and again after each restart."""
    shapes = [told, {"value": told}, Decimal(told)] + ([int(told)] if told.isdigit() else [])
    for shape in shapes:
        with pytest.raises(Rejected) as refused:
            convert.read_number(shape)
        assert len(str(refused.value)) < 80
    assert convert.read_number("1e20") == "100000000000000000000"
    assert convert.read_number(Decimal("-0.0000001")) == "-0.0000001"
