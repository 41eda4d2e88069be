"""The tracked tree as the house rules see it."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("accord", "schemas", "producers", "streams", "sinks", "ops")
#: Written by protoc.
GENERATED = "accord/salesforce/proto/"


class Function(NamedTuple):
    path: str
    name: str
    lines: int
    node: ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git keeps (or would keep: new ones that nothing ignores)."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )  # fmt: skip
    return tuple(sorted(name for name in done.stdout.splitlines() if (ROOT / name).is_file()))


@cache
def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def modules() -> tuple[str, ...]:
    """Python files that people write."""
    return tuple(p for p in tracked() if p.endswith(".py") and not p.startswith(GENERATED))


@cache
def parsed(path: str) -> ast.Module:
    return ast.parse(text(path))


@cache
def functions() -> tuple[Function, ...]:
    found = ((path, node) for path in modules() for node in ast.walk(parsed(path)))
    return tuple(
        Function(path, node.name, (node.end_lineno or node.lineno) - node.lineno + 1, node)
        for path, node in found
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
