"""docs/sandbox.md names every fault there is: what a person can't find, nobody rehearses."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
STATED = re.compile(r"^\| ([a-z_]+(?:, [a-z_]+)*) \|", re.MULTILINE)


def names_in_docstrings(system: str) -> set[str]:
    files = (ROOT / "ops" / "sandbox" / system).glob("*.py")
    texts = [ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in files]
    rows = [match for text in texts for match in STATED.findall(text)]
    return {name for row in rows for name in row.split(", ")} - {"name", "fault"}


def names_on_page(first: str, last: str) -> set[str]:
    """Between two headings."""
    part = PAGE.split(first)[1].split(last)[0]
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+)", part, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}


def test_the_page_names_every_fault_of_salesforce():
    """The tables in the docstrings and those on the page hold the same names."""
    stated = names_in_docstrings("salesforce")
    assert len(stated) > 25
    assert names_on_page("### Salesforce, REST", "### NetSuite") == stated


def test_the_page_names_every_fault_of_netsuite():
    """The same for the account."""
    stated = names_in_docstrings("netsuite")
    assert len(stated) > 10
    assert names_on_page("### NetSuite", "## What they refuse") == stated
