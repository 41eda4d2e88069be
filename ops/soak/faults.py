"""Strikes of the plan on a running pipeline: begun and ended by how much of the work is done, each counted."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil
from confluent_kafka import Producer

from accord.config import load
from ops.demo import world
from ops.local import process, stack
from ops.soak.ground import LOOK_S, Ground
from ops.soak.kinds import KINDS, Kind
from ops.soak.plan import Strike
from schemas.ids import SYSTEMS

#: A role that could not start waits longer each time before it is started again.
UP_S = 120.0
#: A worker that is asked to leave.
LEAVE_S = 20.0
#: A broker that is stopped cleanly.
STOP_S = 60.0
#: A slow broker: so long it stands still, so long it works.
STILL_S, WORK_S = 0.4, 0.2
#: Nobody can read it: no schema, and a schema that the registry doesn't know.
GARBAGE = (b"not avro at all", b"\x00" + (987_654).to_bytes(4, "big") + b"payload")
#: On for as long as they are, and counted once by us: the sandboxes count what struck a call.
STATES = {"clock_skew", "permission_removed", "subsidiary_removed"}


@dataclass(slots=True)
class On:
    """A strike that goes on. `until`: deeds done; `deadline`: monotonic, 0 = none."""

    strike: Strike
    until: int
    deadline: float = 0.0
    worker: subprocess.Popen[bytes] | None = None


@dataclass(slots=True)
class Faults:
    """`struck`: how often each kind did, by its name; of a sandbox's counted faults every call that was hit."""

    ground: Ground
    strikes: Sequence[Strike]
    struck: Counter[str] = field(default_factory=Counter)
    _on: list[On] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def strike(self, done: Callable[[], int], working: asyncio.Event) -> None:
        """Until the work is over (`working` is cleared) and all that was switched on is off again."""
        self._seen = await self._counted()
        waiting = sorted(self.strikes, key=lambda s: s.after)
        while working.is_set():
            while waiting and waiting[0].after <= done():
                await self._begin(waiting.pop(0))
            for each in [e for e in self._on if e.until <= done() or 0 < e.deadline <= time.monotonic()]:
                await self._end(each)
            await asyncio.sleep(LOOK_S / 4)
        for strike in waiting:
            await self._begin(strike)
        await self.over()

    async def over(self) -> None:
        """All faults end: what is on goes off, what is down comes up."""
        for each in list(self._on):
            await self._end(each)
        for system in SYSTEMS:
            await self.ground.control("DELETE", f"/{system}/faults")
        await asyncio.to_thread(stack.up, self.ground.local)
        for words in self.ground.running_roles:
            if not await self.ground.until(lambda words=words: self._up(words), UP_S):  # type: ignore[misc]
                raise AssertionError(f"{words} did not come back within {UP_S:.0f} s")

    async def _up(self, words: str) -> list[psutil.Process]:
        return self.ground.roles(words)

    async def _counted(self) -> Counter[tuple[str, str]]:
        """How often each fault of the sandboxes has struck so far."""
        out = Counter[tuple[str, str]]()
        for system in SYSTEMS:
            struck = (await self.ground.control("GET", f"/{system}/faults"))["struck"]
            out.update({(system, name): count for name, count in struck.items()})
        return out

    async def _tally(self) -> None:
        """What has struck since is the work of the kind of that fault which began last."""
        now = await self._counted()
        for (system, name), count in (now - self._seen).items():
            kinds = [e.strike.kind for e in self._on if KINDS[e.strike.kind].place == system and KINDS[e.strike.kind].what[0] == name]
            if kinds:
                self.struck[kinds[-1]] += count
        self._seen = now

    async def _begin(self, strike: Strike) -> None:
        kind = KINDS[strike.kind]
        on = On(strike, strike.after + strike.lasts, time.monotonic() + kind.seconds if kind.seconds else 0.0)
        if kind.place in SYSTEMS:
            await self._tally()
            await self.ground.control("POST", f"/{kind.place}/faults", {"name": kind.what[0], **kind.more})
        elif kind.place == "kill":
            for words in kind.what:
                await self._kill(words)
        elif kind.place == "stack":
            await self._hurt(kind)
        elif kind.place == "worker":
            on.worker = await asyncio.to_thread(self._worker, kind)
        elif kind.place == "poison":
            await asyncio.to_thread(self._poison, kind)
        else:
            await self.ground.control("POST", "/netsuite/options", kind.more["on"])
        if kind.place not in SYSTEMS or kind.what[0] in STATES:
            self.struck[strike.kind] += 1
        self._on.append(on)

    async def _end(self, on: On) -> None:
        kind = KINDS[on.strike.kind]
        if kind.place in SYSTEMS:
            await self._tally()
            await self.ground.control("DELETE", f"/{kind.place}/faults", name=kind.what[0])
        elif kind.place == "options":
            await self.ground.control("POST", "/netsuite/options", kind.more["off"])
        elif on.worker is not None:
            on.worker.send_signal(signal.SIGTERM if on.strike.lasts % 2 else signal.SIGKILL)
            await asyncio.to_thread(gone, on.worker)
        self._on.remove(on)

    async def _kill(self, words: str) -> None:
        if words not in self.ground.running_roles:
            return
        for victim in (await self.ground.until(lambda: self._up(words), UP_S) or [])[:1]:
            if victim.is_running():
                victim.kill()

    async def _hurt(self, kind: Kind) -> None:
        """Broker or registry, for a while; what has ended is started again."""
        program, how = kind.what
        identity = process.running(self.ground.local / f"{program}.pid")
        if identity is None:
            return
        victim = psutil.Process(identity.pid)
        if how in {"frozen", "slow"}:
            await self._slowed(victim, kind.seconds, kind.seconds if how == "frozen" else STILL_S)
            return
        if how == "full":
            victim.rlimit(psutil.RLIMIT_FSIZE, (1, 1))  # no file may grow any more: the kernel refuses as it does on a full disk
        elif how == "stopped":
            await asyncio.to_thread(process.stop, self.ground.local / f"{program}.pid", wait_s=STOP_S)  # to its end: until then it counts as one that runs
        else:
            victim.kill()
        await asyncio.sleep(kind.seconds)
        if how == "full" and victim.is_running():
            victim.kill()  # people make room and start it again
            await asyncio.to_thread(victim.wait, 20)
        await asyncio.to_thread(stack.up, self.ground.local)

    async def _slowed(self, victim: psutil.Process, seconds: float, still_s: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            victim.suspend()
            try:
                await asyncio.sleep(still_s)
            finally:
                victim.resume()
            await asyncio.sleep(WORK_S)

    def _worker(self, kind: Kind) -> subprocess.Popen[bytes]:
        with (self.ground.folder / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "ops.cli", "run", *kind.what[0].split(), "--config", str(self.ground.config)]
            return subprocess.Popen(command, stdout=log, stderr=log, env=world.environment())

    def _poison(self, kind: Kind) -> None:
        kafka = load(self.ground.config).kafka
        producer = Producer({"bootstrap.servers": kafka.bootstrap, **kafka.client()})
        for topic in kind.what:
            for value in GARBAGE:
                producer.produce(f"{kafka.prefix}{topic}", value, b"customer:salesforce:poison")
        producer.flush(30)


def gone(worker: subprocess.Popen[bytes]) -> None:
    """What was asked to end and does not, is killed, as every supervisor does: on a busy machine a start alone takes a minute."""
    try:
        worker.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(LEAVE_S)
