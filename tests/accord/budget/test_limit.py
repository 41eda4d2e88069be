"""The limit as refusals teach it."""

from __future__ import annotations

from accord.budget.limit import HOLD_ANSWERS, HOLD_S, Limit, answered, refused


def test_a_refusal_lowers_the_limit_once_and_it_grows_back_slowly() -> None:
    """Somebody else uses a part of the account: trying again and again would refuse one call in ten of everybody's."""
    limit = refused(refused(Limit.of(8), 100.0), 100.5)
    assert limit.now == 6
    limit = answered(limit, HOLD_ANSWERS, 101.0)
    assert limit.now == 6, "many answers in a moment prove nothing yet"
    limit = answered(limit, 1, 100.0 + 2 * HOLD_S)
    assert limit.now == 7
    assert answered(limit, HOLD_ANSWERS - 1, 1e6).now == 7
    assert refused(Limit(8, 1), 0.0).now == 1


def test_tries_cost_less_than_one_call_in_a_hundred() -> None:
    """The real limit is 5, the configuration says 15: a system that bears less than it says must not be hammered."""
    limit, at, calls, refusals = Limit.of(15), 0.0, 0, 0
    while at < 3600:
        at += 1.0
        done = limit.now * 10
        calls += done
        if limit.now > 5:
            refusals += limit.now - 5
            limit = refused(limit, at)
        else:
            limit = answered(limit, done, at)
    assert refusals <= 0.01 * calls
    assert limit.now >= 4
