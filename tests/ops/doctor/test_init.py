"""A first configuration is made from what both orgs have, and stands the doctor's check-up."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from typer.testing import CliRunner

from accord.clock import SystemClock
from accord.config import load
from accord.errors import Fatal
from ops.cli.main import app
from ops.doctor import begin, propose
from ops.doctor.accounts import Entry, Lists
from ops.doctor.examine import systems


def test_what_is_proposed_passes_the_check_up(pair):
    """A first configuration by hand is fifty ids copied from two web interfaces: one wrong digit is found in production."""
    given = {name: pair.table[name] for name in ("kafka", "salesforce", "netsuite", "run")}
    given["salesforce"] = {**given["salesforce"], "client_secret": "hush-hush"}
    made = pair.run(begin.found(pair.settings(), SystemClock()))
    text = begin.written(given, *made)
    path = pair.folder / "first.toml"
    path.write_text(text)
    findings, _ = pair.run(systems(load(path), SystemClock()))
    assert [f for f in findings if f.level == "fault"] == []
    table = tomllib.loads(text)
    assert "hush-hush" not in text
    assert table["stores"]["accord_retail_gmbh"] == {
        "subsidiary": "accord_retail_gmbh", "currencies": ["EUR"], "locations": ["berlin"], "price_level": "base_price", "countries": ["DE"],
        "tax_mode": "netsuite", "line_discount_item": pair.table["stores"]["us"]["line_discount_item"], "order_discount_item": pair.table["stores"]["us"]["order_discount_item"],
    }  # fmt: skip
    assert set(table["reference"]["currencies"]) == {"USD", "EUR", "JPY", "KWD"}, "the pound is not known to Salesforce"
    assert table["reference"]["terms"]["net_30"] == {"id": "1", "text": "Net 30"}
    assert table["reference"]["date_format"] == "MM/DD/YYYY"
    assert table["reference"]["default_store"] in table["stores"]


def test_codes_are_readable_and_unique():
    """Codes stand on orders and in reports for years; two records under one code would be one."""
    entries = [Entry("1", "Net 30", False), Entry("2", "NET-30", False), Entry("3", "日本", False)]
    assert {code: e.id for code, e in propose.coded(entries).items()} == {"net_30": "1", "net_30_2": "2", "n3": "3"}


def test_an_account_of_one_company_gets_no_stores_by_itself():
    """What can't be known is left to a person, not guessed."""
    org = propose.Org(frozenset(), multi_currency=False, state_picklists=True)
    made = propose.reference(Lists({"price_levels": {"5": Entry("5", "Base", False), "9": Entry("9", "Old", True)}}, {}), org, "D.M.YY", suite_tax=False)
    assert made == {
        "date_format": "M/D/YYYY", "multi_currency": False, "state_picklists": True, "one_world": False, "legacy_tax": True,
        "base_price_level": "5", "price_levels": {"base": {"id": "5", "text": "Base"}},
    }  # fmt: skip
    assert propose.stores(Lists({}, {}), made, {}) == {}


def test_only_what_is_missing_is_asked_for():
    """A script gives everything by file and environment and must never hang at a prompt; another kind of sign-in asks for none of this one's."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "x"

    given = {"salesforce": {"login_url": "https://a", "auth": "password"}, "netsuite": {"account": "1"}}
    made = begin.completed(given, {"ACCORD_NETSUITE__CLIENT_ID": "c"}, ask)
    assert made["netsuite"] == {"account": "1", "certificate_id": "x", "private_key_file": "x"}
    assert made["salesforce"] == given["salesforce"]
    assert [q.partition(":")[0] for q in asked] == ["NetSuite", "NetSuite"]


def test_a_configuration_is_not_overwritten(tmp_path):
    """The file that runs production must not be replaced by a proposal."""
    path = tmp_path / "accord.toml"
    path.write_text(tomli_w.dumps({"x": 1}))
    with pytest.raises(Fatal, match="exists"):
        CliRunner().invoke(app, ["init", "--out", str(path)], catch_exceptions=False)
    assert tomllib.loads(path.read_text()) == {"x": 1}


def test_sales_reps_are_known_by_their_e_mail():
    """A rep under another's name would get the wrong commission: an address that two people share names nobody."""
    users = {"005A": "Ann@shop.example", "005B": "bo@shop.example", "005C": "team@shop.example", "005D": "team@shop.example", "005E": ""}
    reps = [Entry("11", "Ann", False, "ann@shop.example"), Entry("12", "Team", False, "team@shop.example"), Entry("13", "Nobody", False, "")]
    reps += [Entry("14", "Bo", False, "bo@shop.example"), Entry("15", "Bo again", False, "BO@shop.example")]
    assert propose.employees(users, reps) == {"005A": "11"}
