"""Habits that a linter doesn't know."""

from __future__ import annotations

import ast

import pytest

from tests.house.tree import PACKAGES, functions, modules, parsed, tracked

#: Names that catch everything.
EVERYTHING = {"Exception", "BaseException"}


def catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in EVERYTHING) for kind in kinds)


def swallows(handler: ast.ExceptHandler) -> bool:
    """Does nothing, or goes on with the next one, without a word to anybody."""
    quiet = (ast.Pass, ast.Continue, ast.Break)
    return all(isinstance(n, quiet) or (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)) for n in handler.body)


def handlers(path: str) -> list[ast.ExceptHandler]:
    return [n for n in ast.walk(parsed(path)) if isinstance(n, ast.ExceptHandler)]


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("try: f()\nexcept Exception: pass", True),
        ("try: f()\nexcept (ValueError, Exception): pass", True),
        ("try: f()\nexcept: pass", True),
        ("for x in y:\n try: f()\n except Exception:\n  'why'\n  continue", True),
        ("try: f()\nexcept KeyError: pass", False),
        ("try: f()\nexcept Exception as e: die(e)", False),
    ],
)
def test_the_rule_sees_what_it_forbids(code, caught):
    """A rule that can't fail keeps nothing out."""
    found = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.ExceptHandler)]
    assert any(catches_all(h) and swallows(h) for h in found) is caught


def test_no_error_is_swallowed():
    """An error that nobody hears is a record that is lost and never missed."""
    assert [f"{p}:{h.lineno}" for p in modules() for h in handlers(p) if catches_all(h) and swallows(h)] == []


def test_nothing_suppresses_everything():
    """`contextlib.suppress(Exception)` is the same silence in another dress."""
    found = []
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress":
                found += [f"{path}:{node.lineno}" for a in node.args if isinstance(a, ast.Name) and a.id in EVERYTHING]
    assert found == []


def test_every_test_says_what_it_proves():
    """A test without its sentence is deleted, or bent, by the first who meets it red."""
    tests = [f for f in functions() if f.path.startswith("tests/") and f.name.startswith("test_")]
    assert [f"{f.path}:{f.node.lineno} {f.name}" for f in tests if not ast.get_docstring(f.node)] == []


def test_every_module_says_what_it_is_for():
    """The tree is the glossary only where each file opens with its sentence."""
    rooms = [p for p in modules() if p.split("/")[0] in PACKAGES and parsed(p).body]
    assert [p for p in rooms if not ast.get_docstring(parsed(p))] == []


def test_no_module_stands_at_the_root():
    """A `build.py` in the root folder would be imported in place of the tool of that name."""
    assert [p for p in tracked() if p.endswith(".py") and "/" not in p] == []


def test_nothing_is_left_for_later():
    """What is not done is said in the documents, not in a comment that no user reads."""
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X:")
    raised = "NotImplemented" + "Error"
    found = [f"{p}: {w}" for p in modules() for w in (*words, raised) if w in (_text(p))]
    assert found == []


def _text(path: str) -> str:
    from tests.house.tree import text

    return text(path)
