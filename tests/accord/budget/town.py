"""Workers that share a budget, in simulated time: a log with delay, calls that last, workers that come, die, and hand the ownership on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from accord.budget.owner import RENEW_S, VALID_S, Owner
from accord.pace import OVERDUE_S
from schemas.events import Allotment, Demand, Share

STEP_S = 0.005
#: From a word to when everybody has heard it.
DELAY_S = 0.010
#: Words that a new worker reads before it speaks.
TAIL = 2_000


@dataclass
class Worker:
    """`live_rate`, `backfill_rate`: calls wanted a second. `call_s`: how long one lasts. `late`: of each live call, from the wish to its end."""

    name: str
    owner: Owner
    live_rate: float = 0.0
    backfill_rate: float = 0.0
    call_s: float = 0.1
    alive: bool = True
    waiting: dict[str, float] = field(default_factory=lambda: {"live": 0.0, "backfill": 0.0})
    calls: list[tuple[float, str]] = field(default_factory=list)
    share: Share = field(default_factory=Share)
    valid_until: float = -1.0
    adopted: int = 0
    allotted: int = 0
    told: Demand | None = None
    told_at: float = -1e9
    started: dict[str, int] = field(default_factory=lambda: {"live": 0, "backfill": 0})
    hungry_since: float = -1.0
    without_since: float = 0.0
    longest_wait: float = 0.0
    asked: deque[float] = field(default_factory=deque)
    late: list[float] = field(default_factory=list)

    def allowed(self, now: float) -> Share:
        return self.share if now < self.valid_until else Share()

    def work(self, now: float) -> None:
        """One step: calls end, wishes grow, calls begin where the share allows it."""
        self.calls = [c for c in self.calls if c[0] > now]
        if not self.alive:
            return
        before = int(self.waiting["live"])
        self.waiting["live"] = min(50.0, self.waiting["live"] + self.live_rate * STEP_S)
        self.asked.extend([now] * (int(self.waiting["live"]) - before))
        self.waiting["backfill"] = min(50.0, self.waiting["backfill"] + self.backfill_rate * STEP_S)
        if self._overdue(now):
            self._begin("backfill", now)
        for lane in ("live", "backfill"):
            while self._begin(lane, now):
                pass
        self._hunger(now)

    def _begin(self, lane: str, now: float) -> bool:
        """One more call, where one is wanted and the share allows it."""
        share = self.allowed(now)
        if self.waiting[lane] < 1 or len(self.calls) >= share.slots or (lane == "backfill" and self._running(lane) >= share.backfill):
            return False
        self.waiting[lane] -= 1
        self.started[lane] += 1
        self.calls.append((now + self.call_s, lane))
        if lane == "live":
            self.late.append(now - self.asked.popleft() + self.call_s)
        return True

    def _overdue(self, now: float) -> bool:
        """As accord.pace does it."""
        if self.waiting["backfill"] < 1 or self._running("backfill"):
            self.without_since = now
        return now - self.without_since >= OVERDUE_S

    def _hunger(self, now: float) -> None:
        if self.waiting["live"] < 1 or self._running("live"):
            self.hungry_since = -1.0
        elif self.hungry_since < 0:
            self.hungry_since = now
        else:
            self.longest_wait = max(self.longest_wait, now - self.hungry_since)

    def _running(self, lane: str) -> int:
        return sum(1 for c in self.calls if c[1] == lane)

    def word(self, now: float) -> Demand | None:
        """What it would say now, as accord.kafka.budget does; None = nothing new."""
        live, backfill = (self._running(lane) + int(self.waiting[lane]) for lane in ("live", "backfill"))
        holding = max(len(self.calls), self.allowed(now).slots)
        told = self.told
        due = told is None or now - self.told_at >= RENEW_S or live > told.live or backfill > told.backfill
        if not (due or (told is not None and holding < max(told.holding, self.allotted))):
            return None
        if told is not None and now - self.told_at < RENEW_S:
            live, backfill = max(live, told.live), max(backfill, told.backfill)
        self.told, self.told_at, self.allotted = Demand("netsuite", self.name, live, backfill, holding, self.adopted), now, 0
        return self.told


class Town:
    """`limit`: calls at once of all. Counts: `over` steps above the limit, `used` and `granted` slot-seconds."""

    def __init__(self, limit: int, workers: int) -> None:
        self.limit, self.now = limit, 0.0
        self.workers = [Worker(f"w{n:02d}", Owner("netsuite", f"w{n:02d}", limit)) for n in range(workers)]
        self._log: deque[tuple[float, Demand | Allotment]] = deque()
        self._heard: deque[tuple[float, Demand | Allotment]] = deque(maxlen=TAIL)
        self.over = 0
        self.used = self.granted = 0.0
        self.lead(0)

    def lead(self, n: int) -> None:
        """The group gives the partition to this one; the one before has not heard of it yet."""
        self.workers[n].owner.lead()

    def join(self) -> Worker:
        """One more, which reads the end of the log before it speaks."""
        name = f"w{len(self.workers):02d}"
        worker = Worker(name, Owner("netsuite", name, self.limit))
        for at, word in self._heard:
            if isinstance(word, Demand):
                worker.owner.heard(word, at)
            else:
                worker.owner.said(word, at)
        self.workers.append(worker)
        return worker

    def run(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        """For so long, or until it is enough."""
        until = self.now + seconds
        while self.now < until and not enough():
            self.now += STEP_S
            self._hear()
            for worker in self.workers:
                worker.work(self.now)
                if worker.alive:
                    self._speak(worker)
            running = sum(len(w.calls) for w in self.workers)
            self.over += running > self.limit
            self.used += running * STEP_S
            self.granted += sum(w.allowed(self.now).slots for w in self.workers if w.alive) * STEP_S

    def fresh(self) -> None:
        """Count from here on."""
        self.used = self.granted = 0.0
        for worker in self.workers:
            worker.longest_wait, worker.late = 0.0, []
            worker.started = {"live": 0, "backfill": 0}

    def _speak(self, worker: Worker) -> None:
        for word in (worker.word(self.now), worker.owner.allot(self.now, int(self.now * 1000))):
            if word is not None:
                self._log.append((self.now + DELAY_S, word))

    def _hear(self) -> None:
        while self._log and self._log[0][0] <= self.now:
            word = self._log.popleft()[1]
            self._heard.append((self.now, word))
            for worker in (w for w in self.workers if w.alive):
                if isinstance(word, Demand):
                    worker.owner.heard(word, self.now)
                elif worker.owner.said(word, self.now):
                    worker.share, worker.adopted = word.shares.get(worker.name, Share()), word.number
                    worker.allotted, worker.valid_until = max(worker.allotted, worker.share.slots), self.now + VALID_S
