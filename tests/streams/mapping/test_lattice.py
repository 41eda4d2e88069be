"""Status tables are judged whole before anything runs: what they forget would be found one order at a time, months later."""

from __future__ import annotations

import itertools

import pytest

from streams.mapping import load, shipped
from streams.mapping.lattice import lattice_faults
from streams.mapping.source import parse
from streams.mapping.table import EntityTable, table_of
from streams.status import LETTERS, status_table
from tests.streams.mapping.builders import reference

HEAD = """entity = "parcel"
master = "netsuite"
[fields]
letter = { type = "json", owner = "netsuite", netsuite = { columns = ["status"], hook = "status_letter" } }
[stages]
order = ["open", "gone"]
backward = [["gone", "open"]]
[[stages.rules]]
stage = "gone"
when = [{ field = "letter", is = ["C"] }]
[status.parcel]
record = "ItemShip"
default = "picked"
[status.parcel.codes]
"""
SOUND = 'A = { is = "picked", rank = 1, next = ["B", "C"] }\nB = { is = "packed", rank = 2, next = ["C"] }\nC = { is = "shipped", rank = 3, back = ["A"] }\n'


def table(text: str) -> EntityTable:
    return table_of(parse("parcel", "parcel.toml", text), frozenset())


def told(text: str) -> list[str]:
    made = table(text)
    return [f"{made.document.place(*path).line}: {message}" for path, message in lattice_faults(made)]


def test_a_sound_table_has_no_fault():
    """A judge that always complains would be switched off."""
    assert told(HEAD + SOUND) == []


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ('next = ["C"] }', "next = [] }\n", ""),
        ('A = { is = "picked", rank = 1, next = ["B", "C"] }', 'A = { is = "picked", rank = 1, next = ["C"] }', "16: no step leads to status B"),
        ('is = "packed", rank = 2,', 'is = "packed",', "16: status B has no rank"),
        ('back = ["A"]', 'back = ["A"], names = ["Packed"] }\nD = { is = "x", rank = 9, names = ["packed"]', "18: 'packed' stands for status D and for C"),
        ('next = ["C"]', 'next = ["C"], back = ["C"]', "16: step B -> C stands under next and under back"),
        ('next = ["B", "C"]', 'next = ["B"], back = ["C"]', "15: step A -> C stands under back but goes forward (rank 1 to 3)"),
    ],
)
def test_each_fault_of_a_lattice_is_told(was, now, fault):
    """A status that nothing reaches, or a word for two statuses, is a mistake of somebody who meant something else."""
    found = told(HEAD + SOUND.replace(was, now))
    assert (found == []) if not fault else any(line.startswith(fault) for line in found), found


def test_a_step_back_of_the_stage_must_be_declared():
    """A deleted invoice takes its order back: where the stage may not follow, ownership would stay with the wrong side."""
    assert told(HEAD.replace('backward = [["gone", "open"]]\n', "") + SOUND) == [
        "16: step C -> A takes the stage from gone back to open: declare it under [stages] backward"
    ]


def test_an_answer_for_custom_statuses_is_one_of_the_words():
    """A default that is no word would be written as it stands to every record with a custom status."""
    assert told(HEAD.replace('default = "picked"', 'default = "unknown"') + SOUND)[0].startswith("13: default 'unknown' is none of")


def test_the_shipped_tables_answer_everything():
    """By exhaustion: every letter of NetSuite in every spelling has one word; every step of two statuses is forward, back and declared, or not there."""
    seen = 0
    for name in load(shipped(), [], reference()):
        document = parse(name, name, (shipped() / f"{name}.toml").read_text())
        for status, spec in document.table.get("status", {}).items():
            made = status_table(status, spec)
            assert set(made.steps) >= set(LETTERS[made.record])
            assert all(made.word(letter) == step.word for letter, step in made.steps.items())
            for a, b in itertools.permutations(made.steps.values(), 2):
                forward, back = b.letter in a.next, b.letter in a.back
                assert not (forward and back)
                assert not forward or b.rank >= a.rank
                assert not back or b.rank <= a.rank
                seen += 1
    assert seen >= 56
