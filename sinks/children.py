"""Children that Salesforce doesn't delete together with their record: found by our key, deleted before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from accord.errors import Rejected
from sinks.rows import Client, Pair, Run, select, send, statement, still, within

KEY = "Accord_Key__c"


async def delete_children(client: Client, runs: Sequence[Run], absent: frozenset[str]) -> None:
    """All parts but the first of each run. What is gone already (codes in `absent`) is as good as deleted; other failures end the run."""
    objects = dict.fromkeys(part.object for run in runs for part in run.job.parts[1:])
    for object_ in objects:
        some = still(runs)
        owners = {part.key: run for run in some for part in run.job.parts[1:] if part.object == object_}
        found = await select(client, list({id(r): r for r in owners.values()}.values()), statement(object_, [KEY], within(KEY, owners))) if owners else ()
        pairs: list[Pair] = [(owners[str(row[KEY])], {"id": str(row["Id"])}) for row in found]
        for run, row in await send(f"DELETE {object_}", partial(delete_rows, client, object_), pairs):
            gone = isinstance(row.error, Rejected) and row.error.code in absent
            if row.error is not None and not gone and not run.over:
                run.fail(row.error)


async def delete_rows(client: Client, object_: str, records: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Delete by id."""
    return await client.delete(object_, [str(r["id"]) for r in records])
