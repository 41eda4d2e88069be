"""The documents as the tests read them: pages, code spans, commands, files."""

from __future__ import annotations

import re
from functools import cache

from tests.house.tree import ROOT, text, tracked

#: A code span; a file name with a folder or an ending; a dotted name below one of our packages.
SPAN = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"^(?:\.\./)*[\w.*-]+(?:/[\w.*{},-]+)*\.(?:py|toml|avsc|js|mjs|md|json|xml|proto|txt|yml)$")
FOLDER = re.compile(r"^(?:accord|schemas|producers|streams|sinks|ops|tests|docs)(?:/[\w.-]+)*/?$")
NAME = re.compile(r"^(?:accord|schemas|producers|streams|sinks|ops)(?:\.\w+)+$")
LINK = re.compile(r"\]\(([^)#]+)(?:#[\w-]*)?\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@cache
def pages() -> tuple[str, ...]:
    return tuple(p for p in tracked() if p.endswith(".md") and (p.startswith("docs/") or p == "README.md"))


@cache
def spans(page: str) -> tuple[str, ...]:
    return tuple(SPAN.findall(FENCE.sub("", text(page))))


@cache
def fences(page: str, language: str) -> tuple[str, ...]:
    return tuple(body for kind, body in FENCE.findall(text(page)) if kind == language)


@cache
def commands(page: str) -> tuple[str, ...]:
    """Every `accord ...` in a code span or an indented block, without its comment."""
    indented = re.findall(r"^ {4}(accord .+)$", text(page), re.MULTILINE)
    found = [*indented, *(s for s in spans(page) if re.match(r"accord [a-z]", s))]
    return tuple(re.split(r"\s{2,}#|\s#\s", line)[0].strip() for line in found)


def exists(name: str) -> bool:
    """A tracked file or folder, by its path from the root or the end of its path."""
    plain = name.removeprefix("../").rstrip("/")
    return any(p == plain or p.endswith("/" + plain) or p.startswith(plain + "/") for p in tracked()) or (ROOT / plain).is_dir()
