"""Status tables: every spelling of a NetSuite status to our word, with the steps that are allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.address import folded

#: Status letters of NetSuite's transactions (REST API Browser 2026.1, enumerations of `status`).
LETTERS: Mapping[str, str] = {
    "SalesOrd": "ABCDEFGH", "ItemShip": "ABC", "Estimate": "ABCVX", "CustInvc": "ABDEV", "CustPymt": "ABCRV",
    "CustCred": "ABV", "CustRfnd": "RV", "RtnAuth": "ABCDEFGH",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One status. `word`: canonical. `shown`: as people in Salesforce read it. `next`, `back`: letters that may follow."""

    letter: str
    word: str
    shown: str
    rank: int
    next: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusTable:
    """`spellings`: folded spelling -> step. An unknown one is a custom status: shown as it is, and no step of ours."""

    name: str
    record: str
    steps: Mapping[str, Step]
    spellings: Mapping[str, Step]
    default: str

    def find(self, *texts: str | None) -> Step | None:
        for text in texts:
            found = self.spellings.get(folded(_bare(text))) if text else None
            if found:
                return found
        return None

    def word(self, *texts: str | None) -> str | None:
        """Canonical word; the table's default for a custom status (None = stays as it was)."""
        found = self.find(*texts)
        return found.word if found else self.default or None


def _bare(text: str) -> str:
    """Without `SalesOrd:` or `Sales Order : ` in front."""
    return text.rpartition(":")[2]


def status_table(name: str, spec: Mapping[str, Any]) -> StatusTable:
    """`[status.<name>]` of a mapping file."""
    steps: dict[str, Step] = {}
    spellings: dict[str, Step] = {}
    for letter, entry in spec.get("codes", {}).items():
        step = Step(letter, entry["is"], entry.get("shown", entry["is"].replace("_", " ").capitalize()), int(entry.get("rank", 0)),
                    tuple(entry.get("next", ())), tuple(entry.get("back", ())))  # fmt: skip
        steps[letter] = step
        for spelling in (letter, *entry.get("names", ())):
            spellings[folded(spelling)] = step
    return StatusTable(name, str(spec.get("record", "")), steps, spellings, str(spec.get("default", "")))


def status_faults(name: str, spec: Mapping[str, Any]) -> Sequence[tuple[tuple[str, ...], str]]:
    """(path, fault) of everything wrong with a status table."""
    out: list[tuple[tuple[str, ...], str]] = []
    path = ("status", name)
    record, codes = str(spec.get("record", "")), spec.get("codes", {})
    if record not in LETTERS:
        out.append((path, f"record {record!r} is not one of {', '.join(LETTERS)}"))
    if "default" not in spec:
        out.append((path, 'no default for custom statuses: write default = "" to leave the status as it was, or a word'))
    out += [(path, f"no answer for status {letter} of {record}") for letter in LETTERS.get(record, "") if letter not in codes]
    for letter, entry in codes.items():
        here = (*path, "codes", letter)
        if "is" not in entry:
            out.append((here, f"status {letter} has no canonical word (is = ...)"))
        out += [(here, f"step to unknown status {other}") for other in (*entry.get("next", ()), *entry.get("back", ())) if other not in codes]
        out += [
            (
                here,
                f"step {letter} -> {other} goes back (rank {entry.get('rank', 0)} to {codes[other].get('rank', 0)}): declare it under back",
            )
            for other in entry.get("next", ())
            if other in codes and codes[other].get("rank", 0) < entry.get("rank", 0)
        ]
    return out
