"""What an answer of another system means for us: their code -> our consequence, as data with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from accord.errors import AccordError, Fatal, Rejected, Transient

Consequence = Literal["transient", "rejected", "fatal"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of a verdict table.

    wait_s: seconds to wait at least before trying again, None = the caller's back-off decides.
    advice: what a person can do about it, empty where nothing is to be done.
    source: the vendor's page, or the section of our own notes, that says so.
    """

    consequence: Consequence
    source: str
    wait_s: float | None = None
    advice: str = ""


def error_of(verdict: Verdict, message: str, *, code: str, field: str = "", ambiguous: bool = False) -> AccordError:
    """The exception for a verdict. `ambiguous`: the other side may have written all the same."""
    text = f"{message} ({verdict.advice})" if verdict.advice else message
    match verdict.consequence:
        case "transient":
            return Transient(text, wait_s=verdict.wait_s, code=code, ambiguous=ambiguous)
        case "rejected":
            return Rejected(text, code=code, field=field)
        case "fatal":
            return Fatal(text, code=code)
