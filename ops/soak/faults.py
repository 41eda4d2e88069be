"""Strikes of the plan on a running pipeline: begun and ended by how much of the work is done, each counted."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from ops.demo import world
from ops.local import process, stack
from ops.soak.ground import LOOK_S, SYSTEMS, Ground
from ops.soak.kinds import KINDS, ROLES, Kind
from ops.soak.plan import Strike

UP_S = 60.0


@dataclass(slots=True)
class Faults:
    """`struck`: how often each kind did, by its name; of a sandbox's counted faults every call that was hit."""

    ground: Ground
    strikes: Sequence[Strike]
    struck: Counter[str] = field(default_factory=Counter)
    _on: list[tuple[int, Strike, subprocess.Popen[bytes] | None]] = field(default_factory=list)
    _before: Counter[str] = field(default_factory=Counter)

    async def strike(self, done: Callable[[], int], working: asyncio.Event) -> None:
        """Until the work is over (`working` is cleared) and all that was switched on is off again."""
        self._before = await self._counted()
        waiting = sorted(self.strikes, key=lambda s: s.after)
        while working.is_set():
            while waiting and waiting[0].after <= done():
                await self._begin(waiting.pop(0))
            for entry in [e for e in self._on if e[0] <= done()]:
                await self._end(entry)
            await asyncio.sleep(LOOK_S / 4)
        for strike in waiting:
            await self._begin(strike)
        await self.over()

    async def over(self) -> None:
        """All faults end: what is on goes off, what is down comes up."""
        for entry in list(self._on):
            await self._end(entry)
        after = await self._counted()
        self.struck += after - self._before
        for system in SYSTEMS:
            await self.ground.control("DELETE", f"/{system}/faults")
        await asyncio.to_thread(stack.up, self.ground.local)
        for words in ROLES:
            if not await self.ground.until(lambda words=words: self._up(words), UP_S):  # type: ignore[misc]
                raise AssertionError(f"{words} did not come back within {UP_S:.0f} s")

    async def _up(self, words: str) -> list[psutil.Process]:
        return self.ground.roles(words)

    async def _counted(self) -> Counter[str]:
        """How often each fault of the sandboxes has struck so far, by kind."""
        out = Counter[str]()
        for system in SYSTEMS:
            struck = (await self.ground.control("GET", f"/{system}/faults"))["struck"]
            out.update({name: struck.get(kind.what[0], 0) for name, kind in KINDS.items() if kind.place == system})
        return +out

    async def _begin(self, strike: Strike) -> None:
        kind, worker = KINDS[strike.kind], None
        if kind.place == "kill":
            for words in kind.what:
                await self._kill(words)
        elif kind.place == "stack":
            await self._down(kind)
        elif kind.place == "worker":
            worker = await asyncio.to_thread(self._worker, kind)
        else:
            await self.ground.control("POST", f"/{kind.place}/faults", {"name": kind.what[0], **kind.more})
        if kind.place not in SYSTEMS or kind.what[0] == "clock_skew":
            self.struck[strike.kind] += 1
        self._on.append((strike.after + strike.lasts, strike, worker))

    async def _end(self, entry: tuple[int, Strike, subprocess.Popen[bytes] | None]) -> None:
        self._on.remove(entry)
        _, strike, worker = entry
        kind = KINDS[strike.kind]
        if kind.place in SYSTEMS:
            await self.ground.control("DELETE", f"/{kind.place}/faults", name=kind.what[0])
        elif worker is not None:
            worker.send_signal(signal.SIGTERM if strike.lasts % 2 else signal.SIGKILL)
            await asyncio.to_thread(worker.wait, 20)

    async def _kill(self, words: str) -> None:
        for victim in (await self.ground.until(lambda: self._up(words), UP_S) or [])[:1]:
            if victim.is_running():
                victim.kill()

    async def _down(self, kind: Kind) -> None:
        """Killed, and started again after a while; or frozen for a while, as by a disk or a pause that is too long."""
        identity = process.running(self.ground.local / f"{kind.what[0]}.pid")
        if identity is None:
            return
        victim = psutil.Process(identity.pid)
        if kind.more.get("freeze"):
            victim.suspend()
            await asyncio.sleep(kind.seconds)
            victim.resume()
            return
        victim.kill()
        await asyncio.sleep(kind.seconds)
        await asyncio.to_thread(stack.up, self.ground.local)

    def _worker(self, kind: Kind) -> subprocess.Popen[bytes]:
        with (self.ground.folder / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "ops.cli", "run", *kind.what, "--config", str(self.ground.config)]
            return subprocess.Popen(command, stdout=log, stderr=log, env=world.environment())
