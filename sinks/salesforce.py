"""Salesforce as a target: whatever waits goes as collections of up to 200 rows, each row with its own verdict.

Create is an insert with our unique key (never an upsert: that would raise a deleted record from the dead); a key that is taken means look up,
then update by id. Rows that can't carry our key are looked up by what identifies them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from accord.errors import Rejected, Transient
from schemas.events import Write
from sinks import notes
from sinks.children import delete_children, delete_rows
from sinks.compare import lacking
from sinks.refs import Body, with_self
from sinks.rows import ROWS, Call, Client, Pair, Row, Run, by_object, select, send, statement, still, within
from sinks.target import Job, Verdict, stage_moved

KEY = "Accord_Key__c"
#: Objects that can't carry our key, and what identifies their rows (create-only fields there). Order lines are only ever updated by id.
IDENTITY: Mapping[str, tuple[str, ...]] = {"PricebookEntry": ("Pricebook2Id", "Product2Id", "CurrencyIsoCode"), "OrderItem": ()}
#: Stands for the id of the write's own record, in a part that is written after its children.
ITSELF = "self"
#: The key, or what identifies the row, is taken. FIELD_INTEGRITY_EXCEPTION: "This price definition already exists in this price book".
TAKEN = frozenset({"DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID", "FIELD_INTEGRITY_EXCEPTION"})
#: May mean that the record is gone, or one that it names: it is looked up before it is believed.
ABSENT = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"})


class Salesforce:
    """The org as a target."""

    system = "salesforce"
    parallel = 1

    def __init__(self, clients: Mapping[str, Client], *, calls: int = 4) -> None:
        """`clients`: by lane, so that live calls are paced before backfill, and a large backfill goes by bulk jobs."""
        self._clients = clients
        self.calls = calls

    def group(self, write: Write) -> str:
        """Same object and kind: then the rows fit into one call."""
        return f"{write.parts[0].object if write.parts else ''}:{write.kind}"

    def size(self, lane: str, waiting: int) -> int:
        return self._clients[lane].most(waiting)

    async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
        return await _Round(self._clients[jobs[0].write.lane]).apply(jobs)


class _Round:
    """The calls that one batch needs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
        before = self._client.now_ms()
        runs = [Run(j, Verdict("applied", id=j.id, object=j.head.object, before=before)) for j in jobs]
        await self._wait_for_earlier([r for r in runs if r.job.doubt])
        await self._delete([r for r in still(runs) if r.job.write.kind == "delete"])
        await self._check_stage(still(runs))
        await self._look_up([r for r in still(runs) if not r.verdict.id and (r.job.doubt or r.job.head.object in IDENTITY)])
        await self._adopt([r for r in still(runs) if not r.verdict.id and "adopt" in r.job.write.options])
        noted = [r for r in still(runs) if not r.verdict.id and notes.wanted(r)]
        if noted:
            await notes.tell_cases(self._client, noted)
        known = [r for r in still(runs) if r.verdict.id]
        await self._insert([r for r in still(runs) if not r.verdict.id])
        await self._update(known)
        await self._children(still(runs))
        after = max(self._client.latest_ms(), before)
        return [replace(r.verdict, kind=_final(r), after=after) for r in runs]

    async def _wait_for_earlier(self, runs: list[Run]) -> None:
        """A bulk job that was cut off may still write these: until it has ended, a look tells nothing."""
        if not runs:
            return
        try:
            await self._client.settle()
        except Transient as error:
            for run in runs:
                run.fail(error)

    async def _delete(self, runs: list[Run]) -> None:
        await delete_children(self._client, [r for r in runs if len(r.job.parts) > 1], ABSENT)
        for object_, some in by_object(still(runs)):
            call = partial(delete_rows, self._client, object_)
            for run, row in await send(f"DELETE {object_}", call, [(r, {"id": r.verdict.id}) for r in some]):
                if isinstance(row.error, Rejected) and row.error.code in ABSENT:
                    run.end(replace(run.verdict, kind="gone"))
                elif row.error is not None:
                    run.fail(row.error)
                else:
                    run.end(run.verdict)

    async def _check_stage(self, runs: list[Run]) -> None:
        for object_, some in by_object(r for r in runs if r.job.write.stage and r.verdict.id):
            name = some[0].job.write.options.get("stage_field", "Status")
            values = {str(f["Id"]): f.get(name) for f in await self._rows(object_, [name], some)}
            for run in still(some):
                moved = stage_moved(run.job.write, values[run.verdict.id]) if run.verdict.id in values else None
                if moved is not None:
                    run.end(replace(run.verdict, kind="stage_changed", observed=moved))

    async def _look_up(self, runs: list[Run]) -> None:
        """Give an id to those that exist."""
        for object_, some in by_object(runs):
            wanted = {id(r): _identity(r.job.head) for r in some}
            names = sorted({n for w in wanted.values() for n in w})
            if not names:
                continue
            where = " AND ".join(within(n, {str(w[n]) for w in wanted.values() if n in w}) for n in names)
            found = await select(self._client, some, statement(object_, names, where))
            ids = {tuple(str(f.get(n)) for n in names): str(f["Id"]) for f in found}
            for run in still(some):
                run.verdict = replace(run.verdict, id=ids.get(tuple(str(wanted[id(run)].get(n)) for n in names), ""))

    async def _adopt(self, runs: list[Run]) -> None:
        """A record that a person made a moment ago, without our key yet: it is taken over instead of doubled. Several: a person decides."""
        for object_, some in by_object(runs):
            wanted = {id(r): next(iter(json.loads(r.job.write.options["adopt"]).items())) for r in some}
            for name in sorted({n for n, _ in wanted.values()}):
                mine = [r for r in some if wanted[id(r)][0] == name]
                where = within(name, {wanted[id(r)][1] for r in mine})
                found = await select(self._client, mine, statement(object_, [name, KEY], where))
                for run in still(mine):
                    value = wanted[id(run)][1].casefold()
                    free = [str(f["Id"]) for f in found if not f.get(KEY) and str(f.get(name)).casefold() == value]
                    if len(free) > 1:
                        run.fail(Rejected(f"{len(free)} records have {name} {wanted[id(run)][1]}: {', '.join(free)}", code="ambiguous_match", field=name))
                    elif free:
                        run.verdict = replace(run.verdict, id=free[0])

    async def _insert(self, runs: list[Run]) -> None:
        taken: list[tuple[Run, Rejected]] = []
        for object_, some in by_object(runs, len(runs)):
            pairs: list[Pair] = [(r, _whole(r.job.head)) for r in some]
            for run, row in await self._send(f"POST {object_}", partial(self._client.create, object_), pairs):
                if isinstance(row.error, Rejected) and row.error.code in TAKEN:
                    taken.append((run, row.error))
                elif row.error is not None:
                    run.fail(row.error)
                else:
                    run.verdict = replace(run.verdict, id=row.id, created=True)
        await self._look_up([run for run, _ in taken])
        for run, error in taken:
            if not run.over and not run.verdict.id:
                run.fail(error)  # another unique field is taken, by a record that isn't ours
        await self._update([run for run, _ in taken if not run.over])

    async def _update(self, runs: list[Run]) -> None:
        """By id, without seeds; after an unclear end only what the record doesn't hold yet."""
        bodies = {id(r): {n: v for n, v in r.job.head.body.items() if n not in IDENTITY.get(r.job.head.object, ())} for r in runs}
        for object_, some in by_object(r for r in runs if r.job.doubt and bodies[id(r)]):
            names = sorted({n for r in some for n in bodies[id(r)]})
            held = {str(f["Id"]): f for f in await self._rows(object_, names, some)}
            bodies.update({id(r): lacking(bodies[id(r)], held.get(r.verdict.id, {})) for r in still(some)})
        for object_, some in by_object((r for r in still(runs) if bodies[id(r)]), len(runs)):
            pairs: list[Pair] = [(r, {"id": r.verdict.id, **bodies[id(r)]}) for r in some]
            absent = []
            for run, row in await self._send(f"PATCH {object_}", partial(self._client.update, object_), pairs):
                if isinstance(row.error, Rejected) and row.error.code in ABSENT:
                    absent.append((run, row.error))
                elif row.error is not None:
                    run.fail(row.error)
            await self._absent(object_, absent)

    async def _absent(self, object_: str, runs: list[tuple[Run, Rejected]]) -> None:
        """Is the record gone, or does it name something that is? Only a query by id tells."""
        if not runs:
            return
        found = {str(f["Id"]) for n in range(0, len(runs), ROWS) for f in await self._rows(object_, [], [r for r, _ in runs[n : n + ROWS]])}
        for run, error in runs:
            if run.over:
                continue
            if run.verdict.id in found:
                run.fail(error)
            else:
                run.end(replace(run.verdict, kind="gone", code=error.code, message=str(error)))

    async def _children(self, runs: list[Run]) -> None:
        """All other parts, object by object in the order in which they are named; each row by its id or by its key."""
        rows: dict[str, list[tuple[Run, Body]]] = {}
        for run in runs:
            for part in run.job.parts[1:]:
                rows.setdefault(part.object, []).append((run, part))
        for object_, some in rows.items():
            await self._known(object_, [(r, p) for r, p in some if p.id])
            await self._keyed(object_, [(r, p) for r, p in some if not p.id])

    async def _known(self, object_: str, some: Sequence[tuple[Run, Body]]) -> None:
        pairs: list[Pair] = [(r, {"id": r.verdict.id if p.id == ITSELF else p.id, **with_self(p.body, r.verdict.id)}) for r, p in some if p.body]
        for run, row in await self._send(f"PATCH {object_}", partial(self._client.update, object_), pairs):
            if row.error is not None and not run.over:
                run.fail(row.error)

    async def _keyed(self, object_: str, some: Sequence[tuple[Run, Body]]) -> None:
        """Upsert by our key. Rows with seeds (a master that can't be changed later) are looked up and then inserted or updated by id."""
        seeded = [(r, p) for r, p in some if p.seeds and not r.over]
        plain: list[Pair] = [(r, {KEY: p.key, **with_self(p.body, r.verdict.id)}) for r, p in some if not p.seeds]
        ids: dict[str, str] = {}
        older = {id(r): r for r, _ in seeded if not r.verdict.created}
        if older:
            keys = sorted({p.key for r, p in seeded if id(r) in older})
            for n in range(0, len(keys), ROWS):
                found = await select(self._client, list(older.values()), statement(object_, [KEY], within(KEY, keys[n : n + ROWS])))
                ids |= {str(f[KEY]): str(f["Id"]) for f in found}
        new: list[Pair] = [(r, {KEY: p.key, **with_self({**p.seeds, **p.body}, r.verdict.id)}) for r, p in seeded if p.key not in ids]
        answers = await self._send(f"PATCH {object_}/{KEY}", partial(self._client.upsert, object_, KEY), plain)
        answers += await self._send(f"POST {object_}", partial(self._client.create, object_), new)
        for run, row in answers:
            if row.error is not None and not run.over:
                run.fail(row.error)
        await self._known(object_, [(r, replace(p, id=ids[p.key])) for r, p in seeded if p.key in ids])

    async def _send(self, request: str, call: Call, pairs: Sequence[Pair]) -> list[tuple[Run, Row]]:
        return await send(request, call, pairs, self._client.most(len(pairs)))

    async def _rows(self, object_: str, names: Sequence[str], runs: Sequence[Run]) -> Sequence[Mapping[str, Any]]:
        return await select(self._client, runs, statement(object_, names, within("Id", {r.verdict.id for r in runs})))


def _whole(head: Body) -> dict[str, Any]:
    """The body of an insert: seeds under wanted values, with our key where the object can carry it."""
    key = {} if head.object in IDENTITY or not head.key else {KEY: head.key}
    return {**head.seeds, **head.body, **key}


def _identity(head: Body) -> dict[str, Any]:
    whole = _whole(head)
    return {n: whole[n] for n in IDENTITY.get(head.object, (KEY,)) if n in whole}


def _final(run: Run) -> Any:
    return "unchanged" if run.verdict.kind == "applied" and not run.wrote else run.verdict.kind
