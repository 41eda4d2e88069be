"""The role in the supervisor's list."""

from __future__ import annotations

from accord.config import load
from ops.cli.run import roles_of

GOOD = '[salesforce]\nlogin_url = "https://x.example"\nclient_id = "c"\n[netsuite]\naccount = "1"\n'


def test_tables_are_kept_only_where_they_are_asked_for(tmp_path):
    """A process and a database that nobody asked for cost memory and hold personal data for nothing."""
    path = tmp_path / "accord.toml"
    path.write_text(GOOD)
    assert "reporting" not in {r.name for r in roles_of(load(path), str(path))}
    path.write_text(f"{GOOD}[run]\nreporting = true\n")
    (role,) = [r for r in roles_of(load(path), str(path)) if r.name == "reporting"]
    assert role.arguments[:2] == ("run", "reporting")
