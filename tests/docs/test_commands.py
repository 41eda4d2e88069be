"""Commands, options, targets and settings that the documents name are there."""

from __future__ import annotations

import re
import shlex
from typing import Any, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from accord import config
from ops.cli.main import app
from tests.docs.pages import commands, fences, pages, spans
from tests.house.tree import text, tracked

#: The whole tree of commands, as the program itself builds it.
ROOT = typer.main.get_command(app)


def fault(line: str) -> str:
    """What is wrong with a command line; empty = nothing. Words in capitals and `...` stand for what a user puts there."""
    command, words = ROOT, shlex.split(line)[1:]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"{line}: there is no {words[0]!r}"
        command = command.commands[words.pop(0)]
    options = {name: p for p in command.params for name in p.opts if p.param_type_name == "option"}
    count = 0
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            if word not in options:
                return f"{line}: there is no option {word}"
            if not options[word].is_flag:
                words = words[1:]
        else:
            count += 1
    most = sum(1 for p in command.params if p.param_type_name == "argument")
    return f"{line}: takes {most} argument(s)" if not hasattr(command, "commands") and count > most else ""


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("accord run all --dry-run", False),
        ("accord parked release KEY", False),
        ("accord sandbox up --json FILE", False),
        ("accord parked send KEY", True),
        ("accord run all --quick", True),
        ("accord replay KEY", True),
    ],
)
def test_a_wrong_command_would_be_seen(line, wrong):
    """A check that can't fail proves nothing."""
    assert bool(fault(line)) is wrong


@pytest.mark.parametrize("page", pages())
def test_every_command_is_there_with_its_options(page):
    """Whoever follows the guide types exactly what it says."""
    assert [f for f in map(fault, commands(page)) if f] == []


def test_the_guide_shows_the_commands_that_there_are():
    """A command that no page names is found by nobody."""
    said = " ".join(c for page in pages() for c in commands(page))
    leaves = [(name, sub) for name, c in ROOT.commands.items() for sub in getattr(c, "commands", [""])]
    assert [f"accord {n} {s}".strip() for n, s in leaves if f"accord {n} {s}".strip() not in said] == []


def test_commands_that_messages_name_are_there():
    """A message that says what to do, and says it wrongly, is worse than none."""
    found = []
    for path in tracked():
        if path.endswith(".py") and not path.startswith("tests/"):
            # an f-string's parts stand for what is filled in
            lines = re.findall(
                r"(?:with|through|list|do|:) ?`?(accord (?:run|parked|position|replay|refresh|sandbox|topics|trace|why|local|demo)[a-z -]*)", text(path)
            )
            found += [f"{path}: {f}" for f in (fault(line.strip().removesuffix(" shows what does")) for line in lines) if f]
    assert found == []


def test_make_targets_are_there():
    """`make test` is the first thing that a stranger types."""
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    said = {m for page in pages() for m in re.findall(r"(?:`|^ {4})make ([a-z]+)", text(page), re.MULTILINE)}
    assert said
    assert said <= targets
    assert set(re.findall(r"^make ([a-z]+)", text(".ci/run"), re.MULTILINE)) <= targets


def test_the_guides_configuration_loads(tmp_path, monkeypatch):
    """The first configuration of every user is this one, copied."""
    for name in [n for n in __import__("os").environ if n.startswith("ACCORD_")]:
        monkeypatch.delenv(name)
    (tmp_path / "accord.toml").write_text(next(f for f in fences("docs/guide.md", "toml") if "[netsuite]" in f))
    given = config.load(tmp_path / "accord.toml")
    assert given.netsuite.account == "1234567_SB1"
    assert given.stores["us"]["currencies"] == ["USD"]


def test_settings_that_the_documents_name_are_there():
    """A setting with a typing error stops the start: it must not come from our own page."""
    sections = {name: field.annotation.model_fields for name, field in config.Settings.model_fields.items() if hasattr(field.annotation, "model_fields")}
    named = {s for page in pages() for s in spans(page) if re.fullmatch(rf"(?:{'|'.join(sections)})\.[a-z_]+", s)}
    assert sorted(n for n in named if n.split(".")[1] not in sections[n.split(".")[0]] and n not in FILES) == []


#: In docs/sandbox.md: keys of the file with addresses and credentials, not of the configuration.
FILES = {s for s in spans("docs/sandbox.md") if "." in s} if "docs/sandbox.md" in pages() else set()


def is_setting(kind: Any, parts: list[str]) -> bool:
    """Whether the parts lead through sections, and through tables of free names, to a setting."""
    kinds = [k for k in (kind, *get_args(kind)) if isinstance(k, type) and issubclass(k, BaseModel)]
    if not parts:
        return not kinds
    if get_origin(kind) is dict:
        return is_setting(get_args(kind)[1], parts[1:])
    return any(parts[0] in k.model_fields and is_setting(k.model_fields[parts[0]].annotation, parts[1:]) for k in kinds)


def test_secrets_in_the_guide_have_their_variables():
    """A secret under a wrong name is missing at the first call, in production."""
    said = set(re.findall(r"ACCORD_[A-Z]+__[A-Z_]+", text("docs/guide.md")))
    assert len(said) > 5
    assert [s for s in said if not is_setting(config.Settings, s.removeprefix("ACCORD_").lower().split("__"))] == []
    assert not is_setting(config.Settings, ["api", "token", "us"]), "a rule that accepts all finds nothing"
