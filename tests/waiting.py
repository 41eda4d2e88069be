"""What a test waits for: a condition that another process, a thread or the broker brings about."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self, TypeVar

from accord.errors import Fatal

LOOK_S = 0.05
PATIENCE_S = 60.0
T = TypeVar("T")


def until(look: Callable[[], T], what: str, seconds: float = PATIENCE_S) -> T:
    """The first answer that is true; AssertionError where none comes in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what} (last seen: {found!r})"
        time.sleep(LOOK_S)
    return found


class InThread:
    """A blocking role beside the test, told to stop at the end. `ends`: what ended it before, and must have."""

    def __init__(self, role: Callable[[threading.Event], None], *ends: type[Fatal]) -> None:
        self.errors: list[Fatal] = []
        self._role, self._ends, self._stop = role, ends, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._role(self._stop)
        except Fatal as error:
            self.errors.append(error)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert kind or tuple(type(error) for error in self.errors) == self._ends, self.errors
