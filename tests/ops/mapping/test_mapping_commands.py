"""People look at their mapping by command: what is wrong with it, what it says, and who said it."""

from __future__ import annotations

import pytest

from accord.errors import Rejected
from tests.ops.mapping.conftest import OVERLAY, told


def test_check_tells_every_fault_with_its_place_and_answers_no(config):
    """One fault a run would take a day, and a script must see that it went wrong."""
    overlay = config.parent / "mapping" / "customer.toml"
    overlay.write_text(OVERLAY + 'a = { type = "txt", owner = "none", salesforce = "A__c" }\nb = { type = "bool", salesforce = "B__c" }\n')
    answer = told("mapping", "check", "--config", config)
    assert answer.exit_code == 1
    assert [line.partition(": unknown")[0].partition(": has")[0] for line in answer.output.splitlines()] == [f"{overlay}:5: a", f"{overlay}:6: b"]


def test_check_of_a_sound_mapping_says_so(config):
    """Silence would not tell whether anything was looked at."""
    answer = told("mapping", "check", "--config", config)
    assert (answer.exit_code, answer.output.endswith("no fault\n")) == (0, True), answer.output


def test_show_names_the_line_that_said_each_part(config):
    """Who asks why a field goes where it goes must land in the one file and line that says so, not in the shipped one that it replaced."""
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in told("mapping", "show", "customer", "--config", config).output.splitlines() if "│" in line
    ]
    fields = rows[next(n for n, row in enumerate(rows) if row[0] == "fields") :]
    by_name = {row[1]: (row[2], row[3]) for row in reversed(fields)}
    mine = config.parent / "mapping" / "customer.toml"
    assert by_name["name.netsuite"] == ('"altName"', f"{mine}:3")
    assert by_name["name"][0].startswith('{ type = "text(83)", owner = "salesforce"')
    assert by_name["name"][1].startswith("customer.toml:")
    assert by_name["region"][1] == f"{mine}:4"
    assert "legal_name" not in by_name
    assert rows[1] == ["", "master", '"salesforce"', "customer.toml:3"]


def test_show_of_nothing_says_what_there_is(config):
    """A typing error must not look like an empty mapping."""
    with pytest.raises(Rejected, match="no entity 'custmer'; there are address, contact, credit_memo, customer, "):
        told("mapping", "show", "custmer", "--config", config)


def test_pages_tell_ownership_and_statuses_in_words(config):
    """The people who decide who owns a field don't read TOML."""
    out = config.parent / "pages"
    told("mapping", "docs", "--out", out, "--config", config)
    customer, order = (out / "customer.md").read_text(), (out / "order.md").read_text()
    assert (
        "| region | text, up to 20 | Salesforce (the other side may propose it for a new record) | `Region__c` | `custentity_region` | is put back |"
        in customer
    )
    assert "A record of Salesforce is made in NetSuite when all of this holds: customer type is customer; inactive is not true." in customer
    assert "When it is deleted in Salesforce, the record in NetSuite is marked as no longer in use." in customer
    assert "Salesforce while draft or submitted; NetSuite while accepted or closed" in order
    assert "| C Cancelled | Cancelled |  | accepted, pending approval |" in order
    assert "any other (a custom status) | its own text |" in order
    assert {page.stem for page in out.glob("*.md")} >= {"index", "customer", "order", "fulfilment"}
    assert "[order](order.md)" in (out / "index.md").read_text()
