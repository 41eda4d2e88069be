"""What roles make sure of before they begin is what docs/security.md lets them write."""

from __future__ import annotations

import re

from ops.wiring.kafka import SENDS
from tests.docs.pages import ROOT

#: The role of the wiring, by the words that a row of the table begins with.
ROWS = {
    "producers": "producers",
    "streams": "streams",
    "sinks of a system": "sink",
    "audit": "audit",
    "reporting": "reporting",
    "notices": "notices",
    "terms": "terms",
}


def acls() -> dict[str, tuple[set[str], set[str]]]:
    """Topics read and written, by role."""
    table = (ROOT / "docs" / "security.md").read_text().split("| role | reads | writes |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    out = {}
    for row in rows:
        role = next((role for start, role in ROWS.items() if row[0].split(",")[0] == start), None)
        if role is not None:
            out[role] = (names(row[1]), names(row[2]))
    return out


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z*.]+)`", cell))


def test_a_role_registers_the_schemas_of_what_it_may_write():
    """A topic that is missing there costs a role its first message on an empty registry, or a user an ACL too few."""
    for role, (reads, writes) in acls().items():
        told = (reads | writes) - {"change.*"} if role == "streams" else writes  # its row says: the same but change.*
        assert set(SENDS[role]) == told, role
    assert set(SENDS) == {*acls(), "api"}
    assert SENDS["api"] == ()
