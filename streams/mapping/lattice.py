"""Judges status tables by exhaustion: every status, every declared step, and what each step does to the entity's stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from streams.address import folded
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable
from streams.mapping.targets import stages_of
from streams.mapping.when import KEYS, TESTS, condition
from streams.rules import Read

Found = Iterator[tuple[tuple[str, ...], str]]
Steps = Mapping[str, Mapping[str, Any]]


def lattice_faults(table: EntityTable) -> Found:
    """(path, fault). What `streams.status.status_faults` finds (a status without an answer, a step to nowhere) is not told again."""
    for name, spec in table.section("status").items():
        path, steps = ("status", name, "codes"), spec.get("codes", {})
        yield from _ranks(path, steps)
        yield from _spellings(path, steps)
        yield from _reach(path, steps)
        words = {str(step.get("is")) for step in steps.values()}
        if spec.get("default") and spec["default"] not in words:
            yield ("status", name, "default"), f"default {spec['default']!r} is none of this table's words: {', '.join(sorted(words))}"
        if len(table.section("status")) == 1:
            yield from _stages(table, path, steps)


def _ranks(path: tuple[str, ...], steps: Steps) -> Found:
    """A step back leads to a lower rank, and no step goes both ways in one list."""
    for letter, step in steps.items():
        if "rank" not in step:
            yield (*path, letter), f"status {letter} has no rank: nobody could tell a step forward from one back"
        for other in step.get("back", ()):
            if other in step.get("next", ()):
                yield (*path, letter), f"step {letter} -> {other} stands under next and under back"
            elif other in steps and _rank(steps, other) > _rank(steps, letter):
                yield (*path, letter), f"step {letter} -> {other} stands under back but goes forward (rank {_rank(steps, letter)} to {_rank(steps, other)})"


def _rank(steps: Steps, letter: str) -> int:
    return int(steps[letter].get("rank", 0))


def _spellings(path: tuple[str, ...], steps: Steps) -> Found:
    """One spelling, one status."""
    seen: dict[str, str] = {}
    for letter, step in steps.items():
        for spelling in (letter, *step.get("names", ())):
            other = seen.setdefault(folded(spelling), letter)
            if other != letter:
                yield (*path, letter), f"{spelling!r} stands for status {letter} and for {other}"


def _reach(path: tuple[str, ...], steps: Steps) -> Found:
    """From the statuses of the lowest rank, in which records begin, every other can be come to."""
    lowest = min((_rank(steps, letter) for letter in steps), default=0)
    reached, ahead = set[str](), [letter for letter in steps if _rank(steps, letter) == lowest]
    while ahead:
        letter = ahead.pop()
        if letter not in reached and letter in steps:
            reached.add(letter)
            ahead += [*steps[letter].get("next", ()), *steps[letter].get("back", ())]
    for letter in steps:
        if letter not in reached:
            yield (*path, letter), f"no step leads to status {letter}"


def _stages(table: EntityTable, path: tuple[str, ...], steps: Steps) -> Found:
    """A step of the status that takes the stage back must be one that `[stages] backward` lets back: else the record would stay where it was."""
    stage = _stage_of(table)
    if stage is None:
        return
    order, backward = stages_of(table), {tuple(pair) for pair in table.section("stages").get("backward", ())}
    for letter, step in steps.items():
        for kind in ("next", "back"):
            for other in step.get(kind, ()):
                was, now = stage(letter), stage(other)
                if other in steps and order.index(now) < order.index(was) and (was, now) not in backward:
                    yield (*path, letter), f"step {letter} -> {other} takes the stage from {was} back to {now}: declare it under [stages] backward"


def _stage_of(table: EntityTable) -> Callable[[str], str] | None:
    """Stage of a record of which only the status letter is known; None where no rule reads it, or rules are faulty (told elsewhere)."""
    letters = {name for name, field in table.fields.items() for native in field.native.values() if native.hook == "status_letter"}
    rules: Sequence[Mapping[str, Any]] = table.section("stages").get("rules", ())
    parts = [part for rule in rules for part in rule.get("when", ())]
    sound = all(set(part) <= KEYS and set(part) & set(TESTS) and "field" in part for part in parts)  # what an expression says of a letter isn't tried
    order = stages_of(table)
    if not letters or not any(part.get("field") in letters for part in parts) or not sound or any(r.get("stage") not in order for r in rules):
        return None
    tests = [(str(rule["stage"]), condition(rule["when"], "netsuite", Reference())) for rule in rules]

    def stage(letter: str) -> str:
        read: Read = lambda _system, field: letter if field in letters else None  # noqa: E731
        return next((name for name, holds in tests if holds(read)), order[0])

    return stage
