"""NetSuite as a target: one record in one call; create is a POST with our key, everything after goes by the internal id.

A key that is taken means look up, then PATCH by id with the seeds dropped. Where a shop connector owns `externalId`, a custom field of ours
carries the key; it is not unique there, so it is looked up before every create.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from accord.errors import Rejected, Transient
from accord.netsuite.faults import missing, taken
from schemas.events import Write
from sinks.compare import holds, lacking
from sinks.netsuite_attach import Attachment, parted
from sinks.netsuite_line import write_line
from sinks.netsuite_name import UNIQUE_NAME, tries
from sinks.refs import with_self
from sinks.target import Job, Verdict, failed, stage_moved

EXTERNAL_ID = "externalId"
#: The sublist whose lines are found by their default flags, unless the option `lines` names another.
ADDRESSES = "addressBook"
#: A seed: the record that the new one is made of (option `transform`: its type). NetSuite takes it in no other way.
CREATED_FROM = "createdFrom"
#: Options of a write that go along as query parameters.
PARAMETERS = ("replace", "replaceSelectedFields")


class Client(Protocol):
    """The calls that this target makes. Raises Transient, Rejected (code in NetSuite's words) or Fatal."""

    async def create(self, type_: str, body: Mapping[str, Any]) -> str:
        """POST; the new internal id."""
        ...

    async def update(self, type_: str, id_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None: ...
    async def delete(self, type_: str, id_: str) -> None: ...
    async def attach(self, type_: str, id_: str, other: str, other_id: str, body: Mapping[str, Any]) -> None:
        """Attach the other record to this one."""
        ...

    async def transform(self, type_: str, id_: str, target: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
        """Make a record out of another; the new internal id."""
        ...

    async def get(self, type_: str, id_: str, fields: Sequence[str] = ()) -> Mapping[str, Any] | None:
        """The record with its sublists, or only these fields; None = there is no such record."""
        ...

    async def find(self, type_: str, field: str, value: str) -> str | None:
        """Internal id by external id or by a custom field."""
        ...

    async def sighted(self) -> None:
        """Raises Transient where the role doesn't see all that it must: then "not found" says nothing."""
        ...

    def now_ms(self) -> int:
        """The account's time, epoch ms, not later than the truth."""
        ...

    def latest_ms(self) -> int:
        """The account's time, epoch ms, not earlier than the truth."""
        ...


class NetSuite:
    """The account as a target. `keys`: record type -> custom field that carries our key, where it isn't `externalId`."""

    system = "netsuite"

    def __init__(self, clients: Mapping[str, Client], *, calls: int = 4, keys: Mapping[str, str] | None = None) -> None:
        """`clients`: by lane, so that live calls are paced before backfill. `keys`: see the class."""
        self._clients = clients
        self.calls = calls
        self.parallel = calls
        self._keys = keys or {}

    def group(self, write: Write) -> str:  # noqa: ARG002 (the protocol's)
        """One record, one call: there is nothing to group."""
        return ""

    def size(self, lane: str, waiting: int) -> int:  # noqa: ARG002 (the protocol's)
        return 1

    async def apply(self, jobs: Sequence[Job]) -> Sequence[Verdict]:
        return [await self._one(job) for job in jobs]

    async def _one(self, job: Job) -> Verdict:
        client = self._clients[job.write.lane]
        call = _Call(client, Verdict("applied", id=job.id, object=job.head.object, before=client.now_ms()))
        try:
            own, attachment = parted(job)
            await self._write(own, call)
            if attachment is not None:
                await call.attach(own.head.object, attachment)
            if call.verdict.kind == "gone":
                await client.sighted()
        except (Transient, Rejected) as error:
            call.verdict = failed(error, call.verdict)
        return replace(call.verdict, after=max(client.latest_ms(), call.verdict.before))

    async def _write(self, job: Job, call: _Call) -> None:
        type_, field = job.head.object, self._keys.get(job.head.object, EXTERNAL_ID)
        if "line_of" in job.write.options:
            await call.line(job)
            return
        if job.write.kind == "delete":
            await call.delete(type_)
            return
        if not call.verdict.id and (job.doubt or field != EXTERNAL_ID):
            await call.find(type_, field, job.head.key)
        if not call.verdict.id and await self._create(job, call, field):
            return
        if job.write.stage and await call.stage_moved(job.write, type_):
            return
        body = with_self(job.head.body, call.verdict.id)
        parameters = {p: job.write.options[p] for p in PARAMETERS if p in job.write.options}
        doubt = job.doubt or not job.id  # the key was taken: by our own earlier call, if by nothing else
        named = job.write.options.get("lines", ADDRESSES)
        if doubt or named in body:
            found = await call.held(type_)
            if found is None:
                return
            body = keyed_lines(body, found, named)
            body = _rest(body, found, parameters.get("replace", "")) if doubt else body
        if not body:
            call.verdict = replace(call.verdict, kind="unchanged")
            return
        await self._update(job, call, body, parameters)

    async def _update(self, job: Job, call: _Call, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        *others, last = tries(body, job.write.options.get(UNIQUE_NAME, ""))
        for each in (*others, last):
            try:
                await call.update(job.head.object, each, parameters)
            except Rejected as error:
                if each is last or not taken(error):
                    raise
            else:
                return

    async def _create(self, job: Job, call: _Call, field: str) -> bool:
        """True = created. False = it exists under our key: go on by its id."""
        head = job.head
        *others, last = tries({**head.seeds, **head.body, field: head.key}, job.write.options.get(UNIQUE_NAME, ""))
        for body in (*others, last):
            try:
                await call.create(job.write, head.object, body)
            except Rejected as error:
                if not taken(error):
                    raise
                await call.find(head.object, field, head.key)
                if call.verdict.id:
                    break
                if body is last:
                    raise
            else:
                return True
        return False


class _Call:
    """The calls of one write, and its verdict so far."""

    def __init__(self, client: Client, verdict: Verdict) -> None:
        self._client = client
        self.verdict = verdict

    def _tell(self, request: str) -> None:
        self.verdict = replace(self.verdict, calls=self.verdict.calls + 1, request=request)

    async def find(self, type_: str, field: str, key: str) -> None:
        self._tell(f"GET {type_}/eid:{key}" if field == EXTERNAL_ID else f"GET {type_}?q={field}")
        self.verdict = replace(self.verdict, id=await self._client.find(type_, field, key) or "")

    async def create(self, write: Write, type_: str, body: Mapping[str, Any]) -> None:
        """POST it, or make it of the record that it names as its source."""
        source, made_of = write.options.get("transform"), body.get(CREATED_FROM)
        if not source or made_of is None:
            self._tell(f"POST {type_}")
            self.verdict = replace(self.verdict, id=await self._client.create(type_, body), created=True)
            return
        self._tell(f"POST {source}/{made_of}/!transform/{type_}")
        rest, parameters = {n: v for n, v in body.items() if n != CREATED_FROM}, {"replace": write.options["replace"]}
        self.verdict = replace(self.verdict, id=await self._client.transform(source, str(made_of), type_, rest, parameters), created=True)

    async def update(self, type_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        query = "".join(f"{'&' if n else '?'}{k}={v}" for n, (k, v) in enumerate(parameters.items()))
        self._tell(f"PATCH {type_}/{self.verdict.id}{query}")
        try:
            await self._client.update(type_, self.verdict.id, body, parameters)
        except Rejected as error:
            if not missing(error) or await self._there(type_):
                raise
            self.verdict = replace(self.verdict, kind="gone", code=error.code, message=str(error))

    async def line(self, job: Job) -> None:
        """The record is a line of another one's."""
        id_, kind = await write_line(job, self, self.verdict.id)
        self.verdict = replace(self.verdict, id=id_, kind="applied" if kind == "created" else kind, created=kind == "created")

    async def read(self, type_: str, id_: str) -> Mapping[str, Any] | None:
        self._tell(f"GET {type_}/{id_}")
        return await self._client.get(type_, id_)

    async def patch(self, type_: str, id_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._tell(f"PATCH {type_}/{id_}")
        await self._client.update(type_, id_, body, parameters)

    async def attach(self, type_: str, attachment: Attachment) -> None:
        """Only a record that is there, and as the write wants it."""
        if self.verdict.kind not in ("applied", "unchanged"):
            return
        self._tell(f"POST {attachment.type}/{attachment.id}/!attach/{type_}/{self.verdict.id}")
        await self._client.attach(attachment.type, attachment.id, type_, self.verdict.id, attachment.body)
        self.verdict = replace(self.verdict, kind="applied")

    async def delete(self, type_: str) -> None:
        self._tell(f"DELETE {type_}/{self.verdict.id}")
        try:
            await self._client.delete(type_, self.verdict.id)
        except Rejected as error:
            if not missing(error) or await self._there(type_):
                raise
            self.verdict = replace(self.verdict, kind="gone")

    async def stage_moved(self, write: Write, type_: str) -> bool:
        """Read the status first: has the record left the stage that this write is for?"""
        name = write.options.get("stage_field", "status")
        self._tell(f"GET {type_}/{self.verdict.id}?fields={name}")
        found = await self._client.get(type_, self.verdict.id, (name,))
        if found is None:
            self.verdict = replace(self.verdict, kind="gone")
            return True
        moved = stage_moved(write, found.get(name))
        if moved is not None:
            self.verdict = replace(self.verdict, kind="stage_changed", observed=moved)
        return moved is not None

    async def held(self, type_: str) -> Mapping[str, Any] | None:
        """The record with its sublists; where it isn't there, that is the verdict."""
        self._tell(f"GET {type_}/{self.verdict.id}")
        found = await self._client.get(type_, self.verdict.id)
        if found is None:
            self.verdict = replace(self.verdict, kind="gone")
        return found

    async def _there(self, type_: str) -> bool:
        self._tell(f"GET {type_}/{self.verdict.id}")
        return await self._client.get(type_, self.verdict.id, ("id",)) is not None


def keyed_lines(body: Mapping[str, Any], found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Lines of this sublist with the id of the line that has the same default flags: a line without an id would be added."""
    lines = (body.get(name) or {}).get("items")
    if lines is None:
        return body
    ids = {_flags(line): line["id"] for line in (found.get(name) or {}).get("items", ()) if "id" in line}
    keyed = [{"id": ids[_flags(line)], **line} if _flags(line) and _flags(line) in ids else line for line in lines]
    return {**body, name: {**body[name], "items": keyed}}


def _flags(line: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(n for n, value in line.items() if n.startswith("default") and value is True)


def _rest(body: Mapping[str, Any], found: Mapping[str, Any], replaced: str) -> Mapping[str, Any]:
    """What the record doesn't hold yet: a repeated PATCH would add a sublist's lines a second time. A replaced sublist goes whole."""
    whole = set(replaced.split(",")) & set(body)
    rest = lacking({n: v for n, v in body.items() if n not in whole}, found)
    return rest | {n: body[n] for n in whole if not holds(body[n], found.get(n))}
