"""Who decides, and what the day has left."""

from __future__ import annotations

from accord.budget.owner import LOST_S, RENEW_S, VALID_S, Owner
from schemas.events import Allotment, Demand, Share


def demand(worker: str, live: int = 1, *, used: int = 0, daily: int = 0, holding: int = 0, adopted: int = 0) -> Demand:
    return Demand("netsuite", worker, live, 0, holding, adopted, used=used, daily=daily, used_at=used)


def word(owner: str, term: int, number: int, **shares: int) -> Allotment:
    return Allotment("netsuite", owner, term, number, 4, {w: Share(n) for w, n in shares.items()}, 0, 0, 0)


def leading(*demands: Demand, limit: int = 4) -> Owner:
    made = Owner("netsuite", "a", limit)
    for each in demands:
        made.heard(each, 0.0)
    made.lead()
    claim = made.allot(0.0, 0)
    assert claim is not None
    assert made.said(claim, 0.0)
    return made


def test_a_new_owner_gives_nothing_before_its_claim_was_read() -> None:
    """What the owner before gave out last stands in the log before the claim. Whoever divides without knowing of it gives the same slot away twice."""
    new = Owner("netsuite", "b", 4)
    for each in (demand("a", 4), demand("b", 4)):
        new.heard(each, 0.0)
    assert new.said(word("a", 1, 7, a=0, b=0), 0.0)
    new.lead()
    claim = new.allot(0.0, 0)
    assert claim is not None
    assert [s.slots for s in claim.shares.values()] == [0, 0]
    assert new.said(word("a", 1, 8, a=4, b=0), 0.01)
    assert claim.number > 8, "who confirms the old owner's next word has not confirmed ours"
    assert new.said(claim, 0.02)
    given = new.allot(0.02, 0)
    assert given is not None
    assert given.shares["b"] == Share(0), "all four may still be under way at the other one"


def test_the_word_of_an_older_owner_counts_no_more() -> None:
    """A frozen owner that wakes up would give slots away that the new one has given to others."""
    listener = Owner("netsuite", "c", 4)
    assert listener.said(word("a", 1, 1), 0.0)
    assert listener.said(word("b", 2, 2), 1.0)
    assert not listener.said(word("a", 1, 3), 2.0)


def test_of_two_owners_in_one_term_the_first_in_the_log_has_it() -> None:
    """Each would believe that it decides, and the workers would hear two sums."""
    a, listener = Owner("netsuite", "a", 4), Owner("netsuite", "c", 4)
    a.heard(demand("a"), 0.0)
    a.lead()
    first, second = word("b", 1, 1), a.allot(0.0, 0)
    assert second is not None
    for reader in (a, listener):
        assert reader.said(first, 0.1)
        assert not reader.said(second, 0.1)
    assert not a.leads
    assert a.allot(9.0, 0) is None


def test_a_share_is_said_anew_before_it_runs_out_and_not_more_often_than_needed() -> None:
    """A word for every word would fill the topic; none for four seconds leaves every worker to its share when alone."""
    a = leading(demand("a"))
    assert a.allot(0.0, 0) is not None
    assert a.allot(RENEW_S / 2, 0) is None
    assert a.allot(RENEW_S, 0) is not None
    assert RENEW_S * 2 < VALID_S < LOST_S


def test_a_worker_that_is_gone_gives_its_slots_back() -> None:
    """Slots of dead processes would be lost until the topic forgets them."""
    a = leading(demand("a", 4), demand("dead", 4, holding=4))
    a.heard(demand("a", 4), LOST_S)
    said = a.allot(LOST_S + 0.1, 0)
    assert said is not None
    assert said.shares == {"a": Share(4)}


def test_out_of_daily_calls_one_worker_asks_for_all() -> None:
    """Fifty workers that each ask once a minute whether the day has begun use up seventy thousand calls of it."""
    a = leading(*(demand(f"w{n}", 3, used=95, daily=100) for n in range(5)))
    said = a.allot(0.0, 0)
    assert said is not None
    assert sorted(s.slots for s in said.shares.values()) == [0, 0, 0, 0, 1]
    assert (said.used, said.daily) == (95, 100)
