"""A configuration with an overlay, as a user would have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w
from typer.testing import CliRunner, Result

from ops.cli.main import app
from tests.streams.mapping.builders import REFERENCE, STORES

OVERLAY = '[fields]\nlegal_name = false\nname.netsuite = "altName"\nregion = { type = "text(20)", owner = "salesforce", salesforce = "Region__c", netsuite = "custentity_region" }\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "mapping").mkdir()
    (tmp_path / "mapping" / "customer.toml").write_text(OVERLAY)
    path = tmp_path / "accord.toml"
    system = {"login_url": "https://x.example", "client_id": "a"}
    table = {"salesforce": system, "netsuite": {"account": "1"}, "reference": REFERENCE, "stores": STORES, "mapping_dir": str(tmp_path / "mapping")}
    path.write_text(tomli_w.dumps(table))
    return path


def told(*words: object) -> Result:
    """What the command says, on a screen wide enough for every line."""
    return CliRunner(env={"COLUMNS": "2000"}).invoke(app, [str(word) for word in words], catch_exceptions=False)
