"""What the owner of `budget.<system>` knows and decides: a slot is given to one worker only after another has said that it let it go. Pure.

Every worker listens and keeps this state, so that whoever becomes owner knows at once who holds what. Times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accord.budget import limit as limits
from accord.budget.divide import divide
from accord.budget.limit import Limit
from accord.budget.turns import TURN_S, Turns, among, turn
from accord.pace import Gauge, Lane, spent
from schemas.events import Allotment, Demand, Share

#: A worker keeps to what it heard for so long; the owner says it anew every second, and every worker speaks every second.
VALID_S = 3.0
RENEW_S = 1.0
#: A worker that has said nothing for so long is gone: what it heard last from us is not valid any more by then.
LOST_S = VALID_S + RENEW_S
#: Allotments of one term, at most.
NUMBERS = 1_000_000_000
#: With one or two slots the backfill has one for a turn after it has had none for so long: refusals bring any account down to one.
PASSED_S = 3 * TURN_S


@dataclass(slots=True)
class Standing:
    """One worker. `issued`: slots by number of each allotment that it may still come to hear, or has not confirmed yet."""

    demand: Demand
    heard: float
    issued: dict[int, int] = field(default_factory=dict)

    def bound(self) -> int:
        """The most calls that it may have under way."""
        return max(self.demand.holding, *self.issued.values(), 0)


class Owner:
    """State of one system's budget, as the topic tells it. `me`: this worker; `ceiling`: calls at once that are ours."""

    def __init__(self, system: str, me: str, ceiling: int) -> None:
        self._system, self._me = system, me
        self.limit = Limit.of(ceiling)
        self._workers: dict[str, Standing] = {}
        self._turns: dict[Lane, Turns] = {"live": Turns(), "backfill": Turns()}
        self._passed = self._without = -1e9
        self._day = Gauge.of(ceiling)
        self._day_at = 0
        self._term, self._owner, self._number = 0, "", 0
        self._claim: int | None = None
        self._last: Mapping[str, Share] = {}
        self._said = -1e9

    @property
    def leads(self) -> bool:
        """Do we decide? Ends by itself when another owner's later term, or an earlier word of the same one, is read."""
        return self._claim is not None

    def silent(self, now: float) -> bool:
        """Has no owner said anything for so long that nothing holds any more?"""
        return now - self._said > VALID_S

    def lead(self) -> None:
        """Claim the next term. It is ours where our first word in it stands before any other's.

        Its numbers begin above all that the owner before may still give out: who confirms one of those has not heard ours.
        """
        self._claim = self._term + 1
        self._number = max(self._number, self._claim * NUMBERS)

    def leave(self) -> None:
        """Another worker decides from now on."""
        self._claim = None

    def heard(self, demand: Demand, now: float) -> None:
        """A worker spoke."""
        known = self._workers.get(demand.worker)
        if known is None:
            known = self._workers[demand.worker] = Standing(demand, now)
        else:
            if demand.refused > known.demand.refused:
                self.limit = limits.refused(self.limit, now)
            self.limit = limits.answered(self.limit, demand.answered - known.demand.answered, now)
        known.demand, known.heard = demand, now
        known.issued = {n: slots for n, slots in known.issued.items() if n > demand.adopted}
        if demand.used_at > self._day_at:
            self._day_at, self._day = demand.used_at, Gauge(1, 1.0, used=demand.used, daily=demand.daily)

    def said(self, allotment: Allotment, now: float) -> bool:
        """An allotment was read; answers whether it counts: an older term doesn't, nor another owner's word in a term that has begun."""
        if allotment.term < self._term or (allotment.term == self._term and allotment.owner != self._owner):
            return False
        if self._claim is not None and allotment.owner != self._me and allotment.term >= self._claim:
            self.leave()
        self._term, self._owner, self._number = allotment.term, allotment.owner, max(self._number, allotment.number)
        self._said = now
        self._issue(allotment.number, allotment.shares)
        return True

    def allot(self, now: float, now_ms: int) -> Allotment | None:
        """What to publish now, None where it is not ours to say, or nothing has changed and the last word is fresh."""
        if self._claim is None:
            return None
        self._forget(now)
        shares = self._safe(self._target(now)) if self._confirmed() else dict.fromkeys(self._workers, Share())
        begun = self._number > self._claim * NUMBERS
        if begun and shares == self._last and now - self._said < RENEW_S:
            return None
        self._number += 1
        self._said = now
        self._issue(self._number, shares)
        return Allotment(
            self._system, self._me, self._claim, self._number, self.limit.now, shares, self._day.used, self._day.daily, now_ms + int(VALID_S * 1000)
        )

    def _confirmed(self) -> bool:
        """Has our claim been read? What the owner before gave out stands before it in the log: until then we may not know of it, and give nothing."""
        return self._term == self._claim and self._owner == self._me

    def _issue(self, number: int, shares: Mapping[str, Share]) -> None:
        self._last = shares
        for worker, standing in self._workers.items():
            if number > standing.demand.adopted:
                standing.issued[number] = shares.get(worker, Share()).slots

    def _forget(self, now: float) -> None:
        self._workers = {w: s for w, s in self._workers.items() if now - s.heard <= LOST_S}
        self._turns = {lane: among(turns, self._workers) for lane, turns in self._turns.items()}

    def _target(self, now: float) -> dict[str, Share]:
        demands = {w: s.demand for w, s in self._workers.items()}
        if spent(self._day, "live"):
            return self._probe(demands)
        backfills = self._backfills_turn(demands, now)
        shares = self._divided(demands, backfills)
        before, self._turns = self._turns, {lane: self._turn(lane, demands, shares, now) for lane in self._turns}
        return shares if before == self._turns else self._divided(demands, backfills)

    def _divided(self, demands: Mapping[str, Demand], backfills_turn: bool) -> dict[str, Share]:
        return divide(self.limit.now, demands, self._turns["live"].order, self._turns["backfill"].order, backfills_turn=backfills_turn)

    def _turn(self, lane: Lane, demands: Mapping[str, Demand], shares: Mapping[str, Share], now: float) -> Turns:
        wants, target, given = ({w: int(getattr(said, lane)) for w, said in of.items()} for of in (demands, shares, self._last))
        return turn(self._turns[lane], wants, target, given, now)

    def _backfills_turn(self, demands: Mapping[str, Demand], now: float) -> bool:
        """From when it has been passed over for long until it has had a slot for a turn: a call that is under way there may last longer than a turn."""
        wanted = any(d.backfill for d in demands.values())
        if not any(s.backfill for s in self._last.values()):
            self._without = now
        if not wanted or now - self._without >= TURN_S:
            self._passed = now
        return wanted and now - self._passed >= PASSED_S

    def _probe(self, demands: Mapping[str, Demand]) -> dict[str, Share]:
        """The day's calls are used up: one worker asks now and then whether it goes again, not each of them."""
        asker = next((w for w in self._turns["live"].order if demands[w].live or demands[w].backfill), None)
        return {w: Share(1 if w == asker else 0) for w in demands}

    def _safe(self, target: Mapping[str, Share]) -> dict[str, Share]:
        """Shrink at once; grow only into what nobody may hold any more, live calls first."""
        bounds = {w: s.bound() for w, s in self._workers.items()}
        free = self.limit.now - sum(bounds.values())
        out: dict[str, Share] = {}
        for worker in sorted(target, key=lambda w: self._next(w, target[w].live > bounds[w])):
            share, bound = target[worker], bounds[worker]
            more = max(0, min(share.slots - bound, free))
            free -= more
            slots = min(share.slots, bound + more)
            live = min(share.live, slots)
            out[worker] = Share(live, slots - live)
        return out

    def _next(self, worker: str, live: bool) -> tuple[bool, int]:
        """Whoever grows for live calls goes first, then whoever's turn it is."""
        return not live, self._turns["live" if live else "backfill"].order.index(worker)
