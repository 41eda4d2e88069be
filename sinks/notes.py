"""Notes on open Cases: what happened to an order is told where somebody already works for its customer.

A CaseComment takes no key, so each carries a mark in its first line and is looked up before it is written; and it is written before the
event that it tells of, so that an event which is there has been told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sinks.rows import Client, Pair, Run, select, send, statement, still, within

COMMENT = "CaseComment"
#: Field of the Case that names what it is about, by what the mapping says under `case_match`.
FIELDS = {"order": "Accord_Order__c", "account": "AccountId"}
#: Longest text of a comment. Source: Object Reference, CaseComment.
LIMIT = 4000


def wanted(run: Run) -> bool:
    """History that is loaded is no news to anybody."""
    return "case_note" in run.job.write.options and run.job.write.lane == "live"


async def tell_cases(client: Client, runs: Sequence[Run]) -> None:
    """Write the notes of these runs that aren't there yet; a run whose note can't be written ends with that."""
    for match in sorted({_spec(run)["match"] for run in runs}):
        some = [run for run in still(runs) if _spec(run)["match"] == match]
        about = await _about(client, some, match)
        cases = await _open(client, some, FIELDS[match], set(about.values())) if about else ()
        told = await _told(client, some, {str(c["Id"]) for c in cases})
        pairs: list[Pair] = []
        for run in still(some):
            mine = [str(c["Id"]) for c in cases if c[FIELDS[match]] == about.get(id(run))]
            pairs += [(run, {"ParentId": c, "CommentBody": _body(run), "IsPublished": False}) for c in mine if (c, _mark(run)) not in told]
        for run, row in await send(f"POST {COMMENT}", partial(client.create, COMMENT), pairs):
            if row.error is not None and not run.over:
                run.fail(row.error)


async def _about(client: Client, runs: Sequence[Run], match: str) -> dict[int, str]:
    """What each run's Cases name: its order, or the order's account."""
    orders = {id(run): str(order) for run in runs if (order := run.job.head.body.get(_spec(run)["order"]))}
    if match == "order" or not orders:
        return orders
    found = await select(client, runs, statement("Order", ["AccountId"], within("Id", set(orders.values()))))
    accounts = {str(row["Id"]): str(row["AccountId"]) for row in found}
    return {key: accounts[order] for key, order in orders.items() if order in accounts}


async def _open(client: Client, runs: Sequence[Run], field: str, values: set[str]) -> Sequence[Mapping[str, Any]]:
    return await select(client, runs, statement("Case", [field], f"IsClosed = false AND {within(field, values)}"))


async def _told(client: Client, runs: Sequence[Run], cases: set[str]) -> set[tuple[str, str]]:
    """(case, mark) of every note of ours on these Cases. The text can't be asked for in a query's condition."""
    if not cases:
        return set()
    rows = await select(client, runs, statement(COMMENT, ["ParentId", "CommentBody"], within("ParentId", cases)))
    return {(str(row["ParentId"]), str(row["CommentBody"] or "").partition("\n")[0].strip()) for row in rows}


def _spec(run: Run) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = json.loads(run.job.write.options["case_note"])
    return spec


def _mark(run: Run) -> str:
    return f"[Accord {run.job.head.key}]"


def _body(run: Run) -> str:
    return f"{_mark(run)}\n{run.job.head.body.get(_spec(run)['text']) or ''}"[:LIMIT]
