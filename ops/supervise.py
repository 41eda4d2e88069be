"""A process for each role, and another one when it crashes: with back-off, and a clear word why.

Roles end at once where they can't go on (crash-only): what keeps events safe are transactions, not clean exits. So the supervisor's
work is small: start, watch, wait a little longer after each crash in a row, start again; stop everything in 5 seconds when asked to.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accord.clock import Clock

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 15.0
#: A role that ran this long is healthy again: its next crash counts as the first.
HEALTHY_AFTER_S = 30.0
STOP_WITHIN_S = 5.0
#: What librdkafka writes of each connection that it lost; a role says itself why it ends.
LIBRDKAFKA = re.compile(r"%\d\|")


@dataclass(frozen=True, slots=True)
class Role:
    """One process. `name` is unique and names its log file; `arguments` follow `python -m ops.cli`."""

    name: str
    arguments: tuple[str, ...]


@dataclass(slots=True)
class Child:
    """One role's process, as it stands."""

    role: Role
    process: asyncio.subprocess.Process | None = None
    started: float = 0.0
    crashes: int = 0
    exits: list[int] = field(default_factory=list)


def wait_before_restart(crashes: int) -> float:
    """Seconds to wait after that many crashes in a row."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** max(0, crashes - 1)))


def last_word(log: Path) -> str:
    """The last line that the role wrote: crash-only roles say why they end there."""
    if not log.exists():
        return "it wrote no log"
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 8192))
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip() and not LIBRDKAFKA.match(line)]
    return lines[-1] if lines else "it wrote nothing"


class Supervisor:
    """Keeps the roles running until `stop`. `say(role, text)` receives what a person should read."""

    def __init__(self, roles: Sequence[Role], log_dir: Path, environment: Mapping[str, str], clock: Clock, say: Callable[[str, str], None]) -> None:
        self.children = {role.name: Child(role) for role in roles}
        self._log_dir = log_dir
        self._environment = dict(environment)
        self._clock = clock
        self._say = say
        self._stopping = asyncio.Event()
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Until stopped. Every role is watched on its own: one that can't start delays no other."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        async with self._group as group:
            for child in list(self.children.values()):
                group.create_task(self._keep(child))

    def add(self, name: str, arguments: tuple[str, ...]) -> None:
        """One more role, while the others run."""
        child = self.children[name] = Child(Role(name, arguments))
        self._group.create_task(self._keep(child))

    async def stop(self) -> None:
        """SIGTERM to all, SIGKILL to what still runs after five seconds."""
        self._stopping.set()
        running = [c.process for c in self.children.values() if c.process and c.process.returncode is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        done, late = await asyncio.wait([asyncio.ensure_future(p.wait()) for p in running], timeout=STOP_WITHIN_S) if running else (set(), set())
        for process in (p for p in running if p.returncode is None):
            self._say("supervisor", f"process {process.pid} did not stop within {STOP_WITHIN_S:.0f} s and is killed")
            process.kill()
        if late:
            await asyncio.wait(late)
        del done

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            code = await self._once(child)
            if self._stopping.is_set():
                return
            ran = self._clock.monotonic() - child.started
            child.crashes = 1 if ran >= HEALTHY_AFTER_S else child.crashes + 1
            child.exits.append(code)
            wait = wait_before_restart(child.crashes)
            self._say(child.role.name, f"ended with {_exit(code)} after {ran:.0f} s: {last_word(self.log(child.role))}. Again in {wait:.1f} s.")
            await self._pause(wait)

    async def _once(self, child: Child) -> int:
        with self.log(child.role).open("ab") as log:
            child.started = self._clock.monotonic()
            child.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "ops.cli", *child.role.arguments, stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        return await child.process.wait()

    async def _pause(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
        stopping.cancel()

    def log(self, role: Role) -> Path:
        return self._log_dir / f"{role.name}.log"


def _exit(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
