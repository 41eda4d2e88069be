"""Rules of reconcile and resolve that can be left out, to see whether the search notices.

`python -m tests.laws.ablation [RULE ...] [--count N]` prints for each the first seed whose schedule breaks a law without it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from schemas.events import AssumedValue, Outcome
from streams.reconcile.draft import Draft
from streams.reconcile.plan import Plan
from streams.resolve import Resolution
from streams.rules import KEY
from tests.laws.schedule import make, verdict

Cut = tuple[Any, str, Any]


def _module(name: str) -> Any:
    """The module, also where its package has a function of that name."""
    return importlib.import_module(f"streams.{name}")


answer, decide, fight, fold = (_module(f"reconcile.{name}") for name in ("answer", "decide", "fight", "fold"))
identity, plan, resolve = _module("reconcile.identity"), _module("reconcile.plan"), _module("resolve")
REAL_OWN, REAL_GONE = plan.own_value, resolve.gone


def _cut_confirmation() -> list[Cut]:
    """Confirm by name: whatever was sent is confirmed, though another value is wanted by now."""
    real = answer._applied

    def by_name(draft: Draft, outcome: Outcome) -> None:
        real(draft, outcome)
        for name in outcome.sent:
            draft.drop("wanted", outcome.target, name)

    return [(answer, "_applied", by_name)]


def _cut_seeds() -> list[Cut]:
    """Seeds travel with everything else."""
    real = decide.plan

    def together(draft: Draft, target: str, names: Any) -> Plan:
        wish = real(draft, target, names)
        return Plan({**wish.seeds, **wish.fields}, {}, wish.creating)

    return [(decide, "plan", together)]


def _cut_expiry() -> list[Cut]:
    real = answer.ask_again

    def no_expiry(draft: Draft, system: str, at: int, reason: str, if_assumed: str = "") -> None:
        if reason != "assumed":
            real(draft, system, at, reason, if_assumed)

    return [(answer, "ask_again", no_expiry)]


def _clear_any(draft: Draft, outcome: Outcome) -> None:
    draft.drop_whole("rejected", outcome.target)


def _clear_by_payload(draft: Draft, outcome: Outcome) -> None:
    if answer.payload_hash(outcome.sent):
        draft.drop_whole("rejected", outcome.target)


def _cut_verdicts() -> list[Cut]:
    return [(answer, "is_current", lambda draft, outcome: True), (answer, "_clear", _clear_by_payload)]


def _cut_unconfirmed() -> list[Cut]:
    """A write holds only what is new in it."""
    real = decide._ask

    def only_new(draft: Draft, target: str, fields: Mapping[str, Any], wish: Plan) -> None:
        old = draft.base.wanted.get(target, {})
        real(draft, target, {f: v for f, v in fields.items() if old.get(f) != v} or dict(fields), wish)

    return [(decide, "_ask", only_new)]


def _unmarked(draft: Draft, name: str, target: str) -> str | None:
    return None if name == KEY else REAL_OWN(draft, name, target)


def _gone_unheard(change: Any, known: Any, lane: str) -> Resolution:
    return REAL_GONE(change, known, lane) if known.key else Resolution()


CUTS: dict[str, Callable[[], list[Cut]]] = {
    "rank_at_send": lambda: [(answer, "AssumedValue", lambda before, after, value: AssumedValue(after, after, value))],
    "confirm_by_value": _cut_confirmation,
    "all_unconfirmed": _cut_unconfirmed,
    "seed_create_only": _cut_seeds,
    "assumed_expires": _cut_expiry,
    "status_apart": lambda: [(answer, "_clear", _clear_any)],
    "verdict_by_seq": _cut_verdicts,
    "stage_reissues": lambda: [(decide, "reissues", lambda draft, outcome: outcome.kind == "released")],
    "link_to_resolve": lambda: [(answer, "tell_resolve", lambda draft, outcome: None)],
    "answer_reread": lambda: [(answer, "doubt", lambda draft, system, name, at: draft.put("doubt", system, name, at + draft.margin) or 0)],
    "end_of_fights": lambda: [(fight, "ROUNDS", 1 << 40), (plan, "exhausted", lambda *_: False)],
    "contested": lambda: [(plan, "exhausted", lambda *_: False)],
    "loser_rule": lambda: [(fold, "loses", lambda *_: True)],
    "create_after_match": lambda: [(plan, "alone", lambda *_: True)],
    "rejected_remembered": lambda: [(decide, "_refused", lambda *_: False)],
    "retired": lambda: [(identity, "is_retired", lambda *_: False), (fold, "is_retired", lambda *_: False)],
    "null_is_no_wish": lambda: [(plan, "never_said", lambda *_: "")],
    "key_on_records": lambda: [(plan, "own_value", _unmarked)],
    "tombstones": lambda: [(resolve, "gone", _gone_unheard)],
    "deletion_believed": lambda: [(plan, "GONE", "never")],
    "taken_back": lambda: [(decide, "_taken_back", lambda *_: False)],
    "restored": lambda: [(plan, "restoring", lambda *_: False)],
}


@contextmanager
def without(rule: str) -> Iterator[None]:
    """The rule doesn't hold inside; empty = all do."""
    with ExitStack() as stack:
        for module, name, replacement in CUTS[rule]() if rule else ():
            stack.enter_context(patch.object(module, name, replacement))
        yield


def first_caught(rule: str, first: int, count: int) -> tuple[int, str] | None:
    """(seed, law) of the first schedule that breaks a law without the rule."""
    with without(rule):
        for seed in range(first, first + count):
            found = verdict(make(seed), zombies=seed % 2 == 1)
            if found:
                return seed, str(found)
    return None


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", default=list(CUTS))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    for rule in args.rules:
        sys.stdout.write(f"{rule}: {first_caught(rule, args.seed, args.count) or 'not caught'}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
