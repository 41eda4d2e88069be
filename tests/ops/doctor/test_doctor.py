"""Each thing that a person can get wrong is found, told in words, and its repair named; and what is right is not complained about."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from accord.clock import SystemClock
from ops.cli.main import app
from ops.doctor.accounts import Lists, lists
from ops.doctor.examine import currencies
from ops.doctor.finding import Finding, fault, note
from ops.doctor.references import judge, one_world
from ops.doctor.salesforce import skew
from ops.wiring import clients
from streams.mapping import stores
from tests.ops.doctor.conftest import Pair


def put(path: str, value: object) -> Callable[[Pair], None]:
    """Change one setting of the configuration."""

    def change(pair: Pair) -> None:
        table = pair.table
        *tables, name = path.split(".")
        for each in tables:
            table = table.setdefault(each, {})
        table[name] = value

    return change


def strike(system: str, name: str, match: dict[str, str] | None = None, **params: object) -> Callable[[Pair], None]:
    return lambda pair: pair.fault(system, name, match=match, **params)


def option(name: str, value: object) -> Callable[[Pair], None]:
    return lambda pair: setattr(pair.netsuite.account.options, name, value)


def overlay(text: str, entity: str = "customer") -> Callable[[Pair], None]:
    def write(pair: Pair) -> None:
        folder = pair.folder / "mapping"
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.toml"):
            old.unlink()
        (folder / f"{entity}.toml").write_text(text)
        pair.table["mapping_dir"] = str(folder)

    return write


def test_what_is_right_is_not_complained_about(pair):
    """A doctor who always finds something is not asked again."""
    found = pair.examined()
    assert [f for f in found if f.level == "fault"] == []
    checks = {(f.area, f.check) for f in found}
    assert checks >= {
        ("salesforce", "sign-in"), ("salesforce", "version"), ("salesforce", "fields"), ("salesforce", "channel"), ("salesforce", "channel members"),
        ("salesforce", "limits"), ("salesforce", "clock"), ("netsuite", "sign-in"), ("netsuite", "restlet"), ("netsuite", "account"), ("netsuite", "fields"),
        ("netsuite", "searches"), ("netsuite", "concurrency"), ("netsuite", "clock"), ("configuration", "reference data"), ("configuration", "mapping"),
    }  # fmt: skip


REGION = 'region = { type = "text(20)", owner = "salesforce", salesforce = "Site", netsuite = "custentity_region" }'
GONE = 'gone = { type = "text(20)", owner = "netsuite", salesforce = "Gone__c", netsuite = "salutation" }'
TYPE = 'kind = { type = "bool", owner = "netsuite", salesforce = "Rating", netsuite = "isPerson" }'
LONG = 'long = { type = "text(200)", owner = "netsuite", salesforce = "Sic", netsuite = { column = "comments" } }'
FIXED = 'fixed = { type = "text(18)", owner = "netsuite", salesforce = "CreatedById", netsuite = { column = "altphone" } }'
#: What is spoilt at once, and for each: area, check, part of the message, part of the repair.
SPOILT = {
    "nobody's keys": (
        [put("salesforce.client_id", "nobody"), put("netsuite.certificate_id", "none")],
        [("salesforce", "sign-in", "", "[salesforce]"), ("netsuite", "sign-in", "", "[netsuite]")],
    ),
    "addresses that lead elsewhere": (
        [put("salesforce.login_url", "http://127.0.0.1:1"), put("netsuite.restlet_script", "customscript_other")],
        [("salesforce", "sign-in", "no answer", "[salesforce]"), ("netsuite", "restlet", "", "netsuite.restlet_script")],
    ),
    "versions": (
        [put("salesforce.api_version", "99.0"), strike("netsuite", "restlet_old_version", version="0.9.0")],
        [("salesforce", "version", "doesn't speak version 99.0", "salesforce.api_version to 67.0"), ("netsuite", "restlet", "0.9.0", "deploy ops/netsuite")],
    ),
    "permissions": (
        [
            strike("salesforce", "permission_removed", {"object": "Account", "field": "Accord_Key__c"}),
            strike("salesforce", "permission_removed", {"object": "Accord_Fulfilment__c"}),
            strike("netsuite", "permission_removed", {"type": "customer"}, field="custentity_accord_legal_name"),
            strike("netsuite", "permission_removed", {"type": "salesOrder"}),
        ],
        [
            ("salesforce", "fields", "Account.Accord_Key__c is not there, or hidden (needed by customer.toml:", "Accord_Integration"),
            ("salesforce", "fields", "object Accord_Fulfilment__c is not there", "deploy ops/salesforce"),
            ("netsuite", "fields", "customer.custentity_accord_legal_name is not there", "deploy ops/netsuite"),
            ("netsuite", "searches", "order (salesorder)", "deploy ops/netsuite"),
        ],
    ),
    "fields of one's own": (
        [overlay(f"[fields]\n{REGION}\n{GONE}\n{TYPE}\n{LONG}\n{FIXED}\n")],
        [
            ("netsuite", "fields", "customer.custentity_region is not there, or hidden (needed by ", "make the field"),
            ("salesforce", "fields", "Account.Gone__c is not there", "deploy"),
            ("salesforce", "fields", "Account.Rating is of type picklist, which can't hold bool", "map another field"),
            ("salesforce", "fields", "Account.Sic holds 20 characters, the mapping writes up to 200", "longer"),
            ("salesforce", "fields", "Account.CreatedById may not be edited", "Accord_Integration"),
        ],
    ),
    "settings that don't fit the accounts": (
        [
            put("salesforce.channel", "/data/Other__chn"), put("reference.multi_currency", False),
            option("date_format", "D/M/YYYY"), option("time_zone", "America/New_York"), option("administrator", True), put("netsuite.concurrency", 50),
        ],
        [
            ("salesforce", "channel", "Other__chn", "salesforce.channel"),
            ("salesforce", "multi_currency", "is there", "reference.multi_currency = true"),
            ("netsuite", "date format", "dates come as D/M/YYYY", "reference.date_format"),
            ("netsuite", "time zone", "America/New_York", "GMT"),
            ("netsuite", "concurrency", "is 50, the account allows 5", "netsuite.concurrency to 5"),
        ],
    ),
    "an object that no channel carries": (
        [overlay('[salesforce]\nmode = "cdc"\n', "item")],
        [("salesforce", "channel members", "Product2ChangeEvent is not on Accord_Changes__chn", "without the add-on")],
    ),
    "a mapping with a fault": (
        [overlay('[fields]\na = { type = "txt", owner = "none", salesforce = "A" }\n')],
        [("configuration", "mapping", "customer.toml:2: a: unknown converter", "correct the file")],
    ),
    "a store that names what isn't there": (
        [put("stores.us.price_level", "gold")],
        [("configuration", "reference data", "stores.us.price_level: 'gold' is not in reference.price_levels", "correct it")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_is_found_and_its_repair_named(pair, what):
    """Who sets Accord up sees neither org from inside: without this, the first word of a mistake is a record that doesn't arrive."""
    spoils, expected = SPOILT[what]
    for spoil in spoils:
        spoil(pair)
    found = pair.faults()
    missed = [e for e in expected if not any(f.area == e[0] and f.check == e[1] and e[2] in f.message and e[3] in f.repair and f.repair for f in found)]
    assert missed == [], found


REFERENCES = {
    "a price level that isn't there": ({"price_levels": {"base": "1", "gold": "77"}}, {}, "reference.price_levels.gold: NetSuite has no 77", "1 Base Price, 2 Wholesale"),
    "a base level that isn't there": ({"base_price_level": "77"}, {}, "reference.base_price_level: NetSuite has no 77", "1 Base Price"),
    "a currency under another's id": ({"currencies": {"EUR": "1", "USD": "2"}}, {}, "reference.currencies.EUR: 1 is USD in NetSuite", "2 EUR"),
    "a currency that Salesforce lacks": ({"currencies": {"USD": "1", "EUR": "2", "GBP": "3"}}, {}, "GBP: is no active currency of Salesforce", "active are EUR, JPY, KWD, USD"),
    "a subsidiary that isn't there": ({"subsidiaries": {"us": "1", "de": "2", "jp": "99"}}, {}, "reference.subsidiaries.jp: NetSuite has no 99", "1 Parent Company"),
    "a warehouse of another subsidiary": ({}, {"locations": ["de_berlin"]}, "de_berlin (Berlin) belongs to another subsidiary", "of the store's subsidiary"),
    "a discount item that isn't one": ({}, {"line_discount_item": "9999"}, "stores.us.line_discount_item: NetSuite has no discount item 9999", "Accord line discount"),
    "a store without a currency": ({}, {"currencies": []}, "stores.us: names no currency", "name at least one"),
    "a store without a subsidiary": ({}, {"subsidiary": ""}, "stores.us: names no subsidiary", "name one"),
}  # fmt: skip


@pytest.fixture(scope="module")
def held(served: Pair) -> tuple[Lists, frozenset[str]]:
    """What the account and the org have, asked once."""
    settings = served.settings()
    org, account = clients.salesforce(settings, SystemClock(), slots=2), clients.netsuite(settings, SystemClock(), slots=2)
    found = served.run(lists(account)), served.run(currencies(org))
    org.close()
    account.close()
    return found


@pytest.mark.parametrize("what", REFERENCES)
def test_reference_data_that_stands_for_nothing_is_found(served, held, what):
    """An id of the sandbox account in the configuration of production sends orders to the wrong subsidiary, or nowhere."""
    more, store, message, repair = REFERENCES[what]
    table = served.table
    given = {**table["stores"], "us": {**table["stores"]["us"], **store}}
    found = [f for f in judge(stores({**table["reference"], **more}, given), *held) if f.level == "fault"]
    assert [f for f in found if message in f.message and repair in f.repair], found


def test_an_account_without_stores_or_subsidiaries_is_told(served, held):
    """Without a store no order knows its subsidiary; an account of one company refuses the field."""
    reference = {name: value for name, value in served.table["reference"].items() if name != "default_store"}
    assert any("no store is configured" in f.message for f in judge(stores(reference, {}), *held))
    told = one_world(stores({**reference, "one_world": False}, {}), held[0])
    assert told
    assert told.repair == "set reference.one_world = true"


@pytest.mark.parametrize(
    ("low_s", "high_s", "level"), [(-1, 1, "fine"), (30, 31, "note"), (-31, -30, "note"), (-30, 30, "fine"), (600, 601, "fault"), (-601, -600, "fault")]
)
def test_clocks_that_differ_are_told_by_how_much(low_s, high_s, level):
    """A signed sign-in from a clock that is minutes off is refused with a message that never names the clock; what may still be right is no finding."""
    assert skew("salesforce", low_s * 1000, high_s * 1000, 5.0).level == level


def test_a_clock_that_is_off_is_seen_on_the_wire(pair):
    """The bounds come from what the systems answer, not from anything that we were told."""
    pair.fault("netsuite", "clock_skew", seconds=60)
    assert ("netsuite", "clock", "note") in {(f.area, f.check, f.level) for f in pair.examined()}


def test_the_command_answers_scripts(pair, monkeypatch):
    """A deployment goes on only when the exit code says so, and a machine reads JSON."""
    pair.settings()
    told = [note("netsuite", "limits", "few", "wait"), fault("kafka", "brokers", "nobody answers", "start it")]

    async def examined(*_given: object) -> list[Finding]:
        return told

    monkeypatch.setattr("ops.doctor.examine.examine", examined)
    words, run = ["doctor", "--config", str(pair.folder / "accord.toml")], CliRunner(env={"COLUMNS": "500"}).invoke
    answer = run(app, [*words, "--json"], catch_exceptions=False)
    assert (answer.exit_code, json.loads(answer.output)) == (1, [finding.as_json() for finding in told])
    assert "FAULT kafka, brokers: nobody answers\n      to repair: start it\n2 looked at, 1 to repair" in run(app, words, catch_exceptions=False).output
    del told[1]
    assert run(app, words, catch_exceptions=False).exit_code == 0
