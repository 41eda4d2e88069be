"""A line of a record's sublist as a record of its own (an address of a customer, its registration for taxes in a country). Its id is `<record>-<line>`.

NetSuite gives such a line no key. So the holder is read before each write: what stands there already is not added again, and what has gone
is told as gone. A line goes by replacing the sublist with all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from accord.errors import Transient
from sinks.compare import holds, lacking
from sinks.target import Job

#: Properties of a line that may be written; the rest is computed (REST API Browser: customer, its sublists).
LINE: Mapping[str, Sequence[str]] = {
    "addressBook": ("id", "label", "defaultBilling", "defaultShipping", "isResidential"),
    "taxRegistration": ("id", "nexusCountry", "nexus", "address", "taxRegistrationNumber"),
}
ADDRESS = ("addr1", "addr2", "addr3", "city", "state", "zip", "country", "addressee", "attention", "addrPhone")
Line = Mapping[str, Any]
Done = Literal["applied", "created", "unchanged", "gone"]


class Calls(Protocol):
    """The calls of one write, counted and told in its verdict."""

    async def read(self, type_: str, id_: str) -> Mapping[str, Any] | None:
        """The record with its sublists; None = it isn't there."""
        ...

    async def patch(self, type_: str, id_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None: ...


async def write_line(job: Job, calls: Calls, id_: str) -> tuple[str, Done]:
    """(id, what became of it). Raises Transient or Rejected."""
    type_, sublist = job.head.object, job.write.options["line_of"]
    holder, _, number = id_.partition("-")
    holder = holder or str(_id(job.head.body["holder"]))
    found = await calls.read(type_, holder)
    lines = _lines(found, sublist)
    mine = next((line for line in lines if str(line.get("id")) == number), None) if number else None
    if found is None or (number and mine is None):
        return id_, "gone"
    if job.write.kind == "delete":
        rest = [_writable(line, sublist) for line in lines if line is not mine]
        await calls.patch(type_, holder, {sublist: {"items": rest}}, {"replace": sublist})
        return id_, "applied"
    wanted: Line = job.head.body["line"]
    if mine is not None:
        rest_of_it = lacking(wanted, mine)
        if rest_of_it:
            await calls.patch(type_, holder, {sublist: {"items": [{"id": mine["id"], **rest_of_it}]}}, {})
        return id_, "applied" if rest_of_it else "unchanged"
    if there := _same(wanted, lines):
        return f"{holder}-{there}", "unchanged"
    await calls.patch(type_, holder, {sublist: {"items": [wanted]}}, {})
    before = {line.get("id") for line in lines}
    new = _same(wanted, [line for line in _lines(await calls.read(type_, holder), sublist) if line.get("id") not in before])
    if not new:
        raise Transient(f"{type_} {holder} does not show the line that was added to {sublist}", ambiguous=True)
    return f"{holder}-{new}", "created"


def _lines(found: Mapping[str, Any] | None, sublist: str) -> Sequence[Line]:
    items: Sequence[Line] = ((found or {}).get(sublist) or {}).get("items", ())
    return items


def _same(wanted: Line, lines: Sequence[Line]) -> str:
    """Id of a line that holds all of it and is no default; empty = there is none."""
    return next((str(line["id"]) for line in lines if not _default(line) and holds(wanted, line)), "")


def _default(line: Line) -> bool:
    return bool(line.get("defaultBilling") or line.get("defaultShipping"))


def _writable(line: Line, sublist: str) -> dict[str, Any]:
    out = {name: _plain(line[name]) for name in LINE[sublist] if name in line}
    if address := line.get("addressBookAddress"):
        out["addressBookAddress"] = {name: address[name] for name in ADDRESS if name in address}
    return out


def _plain(value: Any) -> Any:
    """A reference without its links and name."""
    return {"id": value["id"]} if isinstance(value, Mapping) else value


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value
