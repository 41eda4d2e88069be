"""`accord reconcile` as it shows what was found. The comparison itself is in the sandboxes' tests."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from ops.cli.main import app
from ops.drift.compare import Look
from ops.drift.finding import Finding
from ops.drift.totals import Amount, Group, Line
from ops.wiring import drift

FOUND = Finding("foreign", "customer", "customer:salesforce:001", "netsuite", "55", "customer", "name", "typed over", "Acme", "salesforce")
LOOKS = (Look("customer", "salesforce", 1_200, 1_200, 0, ()), Look("customer", "netsuite", 1_201, 1_200, 1, ()))
CONFIG = """
[salesforce]
login_url = "https://a.example"
client_id = "x"
[netsuite]
account = "1"
"""


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Runs the command; the comparison answers `report`."""
    (tmp_path / "accord.toml").write_text(CONFIG)
    heard = []

    def run(report, *words):
        async def compare(given, names, **options):
            heard.append((list(names), options))
            return report

        monkeypatch.setattr(drift, "reconcile", compare)
        command = ["reconcile", *words, "--config", str(tmp_path / "accord.toml")]
        return CliRunner(env={"COLUMNS": "300"}).invoke(app, command), heard[-1]

    return run


def test_what_differs_is_shown_with_both_values_and_ends_with_one(asked, tmp_path):
    """A script that runs each night must not take drift for accord."""
    told, (names, options) = asked(drift.Report(LOOKS, [FOUND], {"salesforce": 1, "netsuite": 3}), "customer", "--json", str(tmp_path / "d.json"))
    assert (told.exit_code, names, options) == (1, ["customer"], {"repair": False, "totals_since": ""})
    for word in ("1,201", "foreign", "customer:salesforce:001", "typed over", "Acme", "netsuite 3"):
        assert word in told.stdout
    assert json.loads((tmp_path / "d.json").read_text())["findings"][0]["kind"] == "foreign"


def test_accord_ends_with_nought_and_so_does_a_repair(asked):
    """An alarm that rings when all is well is switched off."""
    assert asked(drift.Report(LOOKS, [], {}))[0].exit_code == 0
    told, (_, options) = asked(drift.Report(LOOKS, [FOUND], {}), "--repair")
    assert (told.exit_code, options["repair"]) == (0, True)


def test_totals_that_do_not_tie_end_with_one(asked):
    """Finance closes the month by the exit code, too."""
    line = Line(Group("invoice", "2026-05", "USD", "us"), Amount(2, Decimal("12.50")), Amount(3, Decimal(20)))
    told, (_, options) = asked(drift.Report(LOOKS, [], {}, [line]), "--totals-since", "2026-05-01")
    assert (told.exit_code, options["totals_since"]) == (1, "2026-05-01")
    assert "differs" in told.stdout
    tied = Line(line.group, line.netsuite, line.netsuite)
    assert asked(drift.Report(LOOKS, [], {}, [tied]))[0].exit_code == 0


def test_the_role_runs_where_a_rhythm_is_set(tmp_path):
    """Opt-in: an account's calls are not spent on what nobody asked for."""
    from accord.config import load
    from ops.cli.run import roles_of

    (tmp_path / "a.toml").write_text(CONFIG)
    (tmp_path / "b.toml").write_text(CONFIG + "[reconcile]\nevery_s = 3600\n")
    names = [{r.name for r in roles_of(load(tmp_path / f), f)} for f in ("a.toml", "b.toml")]
    assert names[1] - names[0] == {"reconcile"}
