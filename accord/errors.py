"""Errors named for their consequence: what the caller must do next.

AccordError
├── Transient   try again after `wait_s`
├── Rejected    this record cannot go as it is; a person or another record must change
└── Fatal       this process cannot go on; end loudly, commit nothing
"""

from __future__ import annotations


class AccordError(Exception):
    """Root of everything that Accord raises on purpose. `passing`: nobody need change anything, a later try may succeed."""

    passing = False


class Transient(AccordError):
    """The same call may succeed later. `wait_s`: seconds to wait at least, None = the caller's back-off decides.

    `ambiguous`: the other side may have done it all the same (timeout, reset, 5xx on a write): look before sending again.
    """

    passing = True

    def __init__(self, message: str, *, wait_s: float | None = None, code: str = "", ambiguous: bool = False) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.code = code
        self.ambiguous = ambiguous


class Rejected(AccordError):
    """The record as it is was refused. `code` and `field` are the other system's own words."""

    def __init__(self, message: str, *, code: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class Fatal(AccordError):
    """Nothing this process does can help: wrong credentials, another org's id, a fenced producer, a topic with wrong settings.

    `passing`: a new process may get on where this one can't, as after a broker that was away in the middle of a transaction.
    """

    def __init__(self, message: str, *, code: str = "", passing: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.passing = passing
