"""The tests that docs/guarantees.md names are there, and every promise has some."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import pages, spans
from tests.house.tree import ROOT, functions, parsed, text

PAGE = "docs/guarantees.md"
CITED = re.compile(r"^(tests/[\w/]+\.py)::(test_\w+)$")


def named_in(path: str) -> set[str]:
    return {n.name for n in ast.walk(parsed(path)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))} if (ROOT / path).exists() else set()


def promises() -> dict[str, str]:
    """Heading of a numbered promise -> what stands under it."""
    parts = re.split(r"^## ", text(PAGE), flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0]: part for part in parts if part[0].isdigit()}


@pytest.mark.parametrize("page", pages())
def test_every_test_that_is_cited_is_there(page):
    """A promise whose proof was renamed or deleted is a promise without proof."""
    cited = [m for s in spans(page) if (m := CITED.match(s))]
    assert [m[0] for m in cited if m[2] not in named_in(m[1])] == []
    assert [s for s in spans(page) if "::" in s and s.startswith("tests") and not CITED.match(s)] == []


def test_every_promise_names_what_tries_to_break_it_and_where_it_ends():
    """A guarantee without a limit is advertising."""
    found = promises()
    assert [name.split(".")[0] for name in found] == [str(n) for n in range(1, 13)]
    assert [name for name, part in found.items() if len(re.findall(r"^- `tests/", part, re.MULTILINE)) < 3] == []
    assert [name for name, part in found.items() if "*Limits.*" not in part] == []


def test_a_test_that_is_gone_would_be_seen():
    """A check that can't fail proves nothing."""
    assert len([s for s in spans(PAGE) if CITED.match(s)]) > 50
    assert "test_nothing_of_that_name" not in named_in("tests/docs/test_guarantees.py")
    assert named_in("tests/docs/test_nothing.py") == set()
    assert any(f.name == "test_a_test_that_is_gone_would_be_seen" for f in functions())
