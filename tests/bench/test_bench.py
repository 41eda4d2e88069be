"""The measurements run, and say what they promise. Never how fast: that is for a quiet machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.local import stack
from tests.bench import __main__ as bench
from tests.bench import customers, figures, sizes, streams_customer, terms
from tests.streams.mapping.builders import entities

KEYS = ["name", "value", "unit", "peer", "peer_value", "ratio"]


def test_the_file_has_a_row_for_each_value_with_the_ratio_to_its_peer(tmp_path: Path) -> None:
    """A figure without its peer of the same run can't be compared on a shared machine."""
    bench.main(["codec", "--short", "--json", str(tmp_path / "bench.json")])
    rows = json.loads((tmp_path / "bench.json").read_text())
    assert {row["name"] for row in rows} == {f"codec.{what}.{event}" for what in ("encode", "decode") for event in ("observation", "record")}
    for row in rows:
        assert list(row) == KEYS
        assert row["value"] > 0
        assert row["ratio"] == pytest.approx(row["value"] / row["peer_value"], abs=0.001)


def test_an_unknown_group_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt group that measures nothing would look like a bench that passed."""
    with pytest.raises(SystemExit):
        bench.main(["codecs"])
    assert "no such group: codecs" in capsys.readouterr().err


def test_what_a_merchant_of_size_costs_is_counted_for_every_entity() -> None:
    """An entity that was never written would cost nothing on paper."""
    found = {figure.name: figure.value for figure in sizes.run(5)}
    assert {name.split(".")[1] for name in found} == {*entities(), "quiet_day"}
    assert [name for name, value in found.items() if value <= 0] == []
    assert found["sizes.quiet_day.salesforce"] < 20_000, "a small org has 100,000 calls a day for everybody"


def test_a_record_put_away_takes_a_third_of_a_decoded_one() -> None:
    """One of the records stays decoded, and of five it is a fifth: only among more does the figure say what the others take."""
    found = sizes.cost("customer", 40)
    assert found.packed < found.decoded / 3


def test_customers_go_through_the_real_stages_and_the_bare_loop(endpoints: stack.Endpoints) -> None:
    """Both must do the whole input, or one of them is praised for work that it left out."""
    (figure,) = streams_customer.run(endpoints, count=600, keys=100)
    assert (figure.name, figure.peer) == ("streams.customer", "bare confluent-kafka loop")
    assert figure.value > 0
    assert figure.peer_value


def test_the_same_changes_come_on_every_call() -> None:
    """Two runs must do the same work."""
    assert list(customers.changes(500, 50)) == list(customers.changes(500, 50))


def test_a_percentile_is_one_of_the_values() -> None:
    """A mean would hide the late ones."""
    values = [float(n) for n in range(100, 0, -1)]
    assert [figures.percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 51, 100, 100]


def test_the_shops_api_is_measured_beside_a_bare_endpoint() -> None:
    """A latency without the framework's own beside it says more about the machine than about us."""
    found = {f.name: f for f in terms.run(items=50, customers=100, count=50)}
    assert found["terms.api.p99"].peer == "bare Starlette endpoint"
    assert all(f.value > 0 and f.peer_value for f in found.values())
