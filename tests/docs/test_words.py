"""Words of the runbook, the glossary and the list of dependencies stand in the code."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import metadata

import pytest

from tests.docs.pages import SPAN, exists
from tests.house.tree import PACKAGES, modules, parsed, text, tracked

#: Imported by nobody, each for a reason that docs/dependencies.md says: named by a URL, or used by what we import.
NOT_IMPORTED = {"aiosqlite", "asyncpg", "httptools"}
#: Programs, plug-ins and stubs among the test tools.
TOOLS = {"grpcio-tools", "hatchling", "import-linter", "mypy", "pytest-timeout", "ruff"}


def rows(page: str) -> list[list[str]]:
    lines = [line for line in text(page).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@cache
def code() -> str:
    """All source as one text, with strings that were broken over lines joined."""
    whole = "\n".join(text(p) for p in modules() if p.split("/")[0] in PACKAGES)
    return re.sub(r'"\s*\n?\s*f?"', "", whole)


def test_the_runbooks_words_are_words_of_the_code():
    """At night one searches the runbook for what stands in the log."""
    source = code()
    named = [w for cells in rows("docs/runbook.md") if len(cells) > 1 for w in SPAN.findall(cells[0])]
    assert len(named) > 10
    assert [w for w in named if w not in source] == []


@pytest.mark.parametrize("cells", rows("docs/glossary.md")[1:], ids=lambda cells: cells[0])
def test_a_word_is_where_the_glossary_says(cells):
    """The tree is the glossary: a word that its file doesn't know has moved."""
    where = SPAN.findall(cells[2])
    files = [w for w in where if "/" in w]
    assert where
    assert [f for f in files if not exists(f)] == []
    if "topic" in cells[2]:
        names = text("schemas/topics.py")
        assert [w for w in where if "/" not in w and w.removesuffix(".*").split(".")[0] not in names] == []


def declared(kind: str) -> set[str]:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    lines = project["dependencies"] if kind == "run" else project["optional-dependencies"][kind]
    return {re.match(r"[A-Za-z0-9_.-]+", line).group().lower() for line in lines}


def imported(ours: bool) -> set[str]:
    """Top-level names that are imported by the packages (or by the tests)."""
    out = set()
    generated = [p for p in tracked() if p.endswith(".py") and p.startswith("accord/salesforce/proto/")]
    for path in [*modules(), *generated]:
        if (path.split("/")[0] in PACKAGES) is ours:
            for node in ast.walk(parsed(path)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                out |= {n.split(".")[0] for n in names}
    return out - set(sys.stdlib_module_names) - set(PACKAGES) - {"tests"}


@cache
def owners() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def distributions(names: set[str]) -> set[str]:
    known = owners()
    return {re.sub(r"[_.]+", "-", d.lower()) for n in names for d in known.get(n, [])}


def test_every_dependency_has_its_reason():
    """What nobody can say a reason for is carried for ever."""
    page = text("docs/dependencies.md")
    named = {w.lower() for cells in rows("docs/dependencies.md") for w in SPAN.findall(cells[0])}
    assert declared("run") | declared("test") == named
    assert all(f"`{name}`" in page for name in declared("postgres"))


def test_every_dependency_is_imported():
    """A package that nobody imports is downloaded, audited and updated for nothing."""
    assert sorted(declared("run") - distributions(imported(ours=True)) - NOT_IMPORTED) == []
    tests = declared("test") - distributions(imported(ours=False)) - TOOLS
    assert sorted(n for n in tests if not n.startswith("types-")) == []


def test_whatever_is_imported_is_declared():
    """What comes along with somebody else's package goes with its next version."""
    used = {n for n in imported(ours=True) if not distributions({n}) & declared("run")}
    assert used - {"google"} == set(), "google: a namespace that protobuf shares with others"
