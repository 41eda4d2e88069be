"""Files, functions and links that the documents name are there."""

from __future__ import annotations

import importlib

import pytest

from tests.docs.pages import FILE, FOLDER, LINK, NAME, exists, pages, spans
from tests.house.tree import ROOT, text, tracked

#: Files that a user writes, or that a command makes.
MADE = {"accord.toml", "mapping/customer.toml", "demo.json", "bench.json", "sandbox.json", ".accord/sandbox.json", "customer.toml"}


def figure(name: str) -> bool:
    """Is it the name of a figure of the bench (`streams.w`), which is no module?"""
    return any(f'"{name}' in text(p) for p in tracked() if p.startswith("tests/bench/") and p.endswith(".py"))


def resolved(name: str) -> object:
    """The thing behind a dotted name: the longest module, then attributes."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            fields = getattr(found, "__dataclass_fields__", {})
            found = fields[part] if part in fields else getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("page", pages())
def test_every_file_that_is_named_is_there(page):
    """A reader who is sent to a file that was renamed stops believing the rest."""
    named = {s for s in spans(page) if (FILE.match(s) or FOLDER.match(s)) and s not in MADE and "*" not in s and "<" not in s}
    assert sorted(n for n in named if not exists(n) and not NAME.match(n)) == []


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page):
    """A dead link in a runbook is found at night."""
    here = (ROOT / page).parent
    targets = {t for t in LINK.findall(text(page)) if "://" not in t}
    assert sorted(t for t in targets if not (here / t).exists()) == []


@pytest.mark.parametrize("page", pages())
def test_every_dotted_name_resolves(page):
    """A walk through code that is no longer there teaches an architecture that is no longer there."""
    missing = []
    for name in sorted({s for s in spans(page) if NAME.match(s) and not FILE.match(s) and not figure(s)}):
        try:
            resolved(name)
        except (ModuleNotFoundError, AttributeError):
            missing.append(name)
    assert missing == []


def test_a_wrong_name_would_be_seen():
    """A check that can't fail proves nothing."""
    assert resolved("streams.resolve.resolve")
    with pytest.raises(AttributeError):
        resolved("streams.resolve.resolves")
    assert not exists("streams/reconcile/nothing.py")


def test_the_walk_meets_every_room():
    """The walk is the map for newcomers: a room that it doesn't enter stays unknown."""
    names = [s for s in spans("docs/walk.md") if NAME.match(s)]
    assert {n.split(".")[0] for n in names} == {"accord", "schemas", "producers", "streams", "sinks", "ops"}
    assert len(set(names)) >= 40


def test_every_decision_has_its_number_once():
    """Decisions are cited by number."""
    files = [p for p in pages() if p.startswith("docs/decisions/0")]
    numbers = [p.rsplit("/", 1)[1][:4] for p in files]
    assert numbers == [f"{n:04}" for n in range(1, len(files) + 1)]
    assert [p for p, n in zip(files, numbers, strict=True) if not text(p).startswith(f"# {int(n)}. ")] == []
