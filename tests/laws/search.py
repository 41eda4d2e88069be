"""Search for schedules that break a law: `python -m tests.laws.search --count 10000 [--seed 0] [--zombies] [--without RULE] [--trace]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.laws.schedule import make, run, shrink
from tests.laws.world import ViolationError, World


def search(first: int, count: int, *, zombies: bool = False, keep: int = 3) -> tuple[int, Counter[str], list[tuple[int, ViolationError]]]:
    """(schedules run, what happened in them, the first violations with their seeds)."""
    ran, totals, found = 0, Counter[str](), []
    for seed in range(first, first + count):
        ran += 1
        try:
            totals.update(run(make(seed), zombies=zombies).count)
        except ViolationError as violation:
            found.append((seed, violation))
            if len(found) >= keep:
                break
    return ran, totals, found


def tell(seed: int, violation: ViolationError, *, zombies: bool, trace: bool) -> None:
    schedule = shrink(make(seed), violation.law, zombies=zombies)
    worlds: list[World] = []
    try:
        run(schedule, zombies=zombies, trace=trace, world=worlds)
    except ViolationError as shortest:
        sys.stdout.write(f"seed {seed}: {len(schedule.steps)} steps, config {schedule.config:b}: {shortest}\n")
    for line in worlds[0].trace or ():
        sys.stdout.write(f"    {line}\n")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=int, default=3)
    parser.add_argument("--zombies", action="store_true", help="calls may land after the hold has ended")
    parser.add_argument("--without", default="", help="a rule of tests/laws/ablation.py to leave out")
    parser.add_argument("--trace", action="store_true")
    args = parser.parse_args(argv)
    from tests.laws.ablation import without

    with without(args.without):
        start = time.monotonic()
        ran, totals, found = search(args.seed, args.count, zombies=args.zombies, keep=args.keep)
        sys.stdout.write(f"seeds {args.seed}+: {ran} schedules, {len(found)} violations, {time.monotonic() - start:.0f} s, {dict(totals)}\n")
        for seed, violation in found:
            tell(seed, violation, zombies=args.zombies, trace=args.trace)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
