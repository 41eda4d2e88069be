"""`python -m tests.bench [GROUP ...] [--short] [--json FILE]`: measure, print a table, write a list of {name, value, unit, peer, peer_value, ratio}."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ops.local import stack
from tests.bench import backfill, codec, figures, flow, recovery, sizes, streams_customer, streams_w, terms

Rows = list[dict[str, Any]]
WIDTH = 120  # names are long, and a log has no width of its own


def ends() -> stack.Endpoints:
    """A broker and a registry for what needs no whole pipeline: given, or the local stack."""
    given = os.environ.get("ACCORD_KAFKA"), os.environ.get("ACCORD_REGISTRY")
    return stack.Endpoints(given[0], given[1]) if given[0] and given[1] else stack.up(progress=True)


def of_codec(*, short: bool) -> Rows:
    return rows(codec.run(rounds=1, each_s=0.05) if short else codec.run())


def of_w(*, short: bool) -> Rows:
    """The short form leaves out what needs an environment of its own or half a minute."""
    kafka = ends().kafka
    return streams_w.run(kafka, count=8_000, keys=1_000, variants=("bare",)) if short else streams_w.run(kafka)


def of_customer(*, short: bool) -> Rows:
    return rows(streams_customer.run(ends(), count=1_200, keys=200) if short else streams_customer.run(ends()))


def of_flow(*, short: bool) -> Rows:
    return rows(flow.run(flow.SHORT if short else flow.Plan()))


def of_terms(*, short: bool) -> Rows:
    return rows(terms.run(items=100, customers=200, count=200) if short else terms.run())


def of_backfill(*, short: bool) -> Rows:
    return rows(backfill.run(backfill.SHORT if short else backfill.Plan()))


def of_recovery(*, short: bool) -> Rows:
    return rows(recovery.run(recovery.SHORT if short else recovery.Plan()))


def of_sizes(*, short: bool) -> Rows:
    return rows(sizes.run(20) if short else sizes.run())


#: By the first part of the names that they measure.
GROUPS: Mapping[str, Callable[..., Rows]] = {
    "codec": of_codec, "w": of_w, "customer": of_customer, "terms": of_terms, "flow": of_flow, "backfill": of_backfill, "recovery": of_recovery,
    "sizes": of_sizes,
}  # fmt: skip


def rows(found: Sequence[figures.Figure]) -> Rows:
    return [figure.as_json() for figure in found]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.bench")
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all when none is named", metavar="GROUP")
    parser.add_argument("--short", action="store_true", help="a minute instead of ten: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    given = parser.parse_args(arguments)
    unknown = [name for name in given.groups if name not in GROUPS]
    if unknown:
        parser.error(f"no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    found = [row for name in given.groups or GROUPS for row in GROUPS[name](short=given.short)]
    console = Console()
    console.print(figures.table(found), width=max(console.width, WIDTH))
    given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
