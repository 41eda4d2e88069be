"""What NetSuite takes in no body, but by attaching the record to another one: a contact's role at its company.

It goes in a call after the record's own. To attach twice in one role is to attach once, so a repeat does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sinks.target import Job

#: The option that names it: `<type of the other record>/<property that stands in the body for it>`.
ATTACH = "attach"


@dataclass(frozen=True, slots=True)
class Attachment:
    """To which record, and what is said with it: {"role": {"id": "-10"}}."""

    type: str
    id: str
    body: Mapping[str, Any]


def parted(job: Job) -> tuple[Job, Attachment | None]:
    """The record as its own calls take it, and what is told by attaching it. The property: `{"to": id, "role": {"id": ...}}`."""
    type_, _, name = job.write.options.get(ATTACH, "").partition("/")
    head = job.head
    said = head.body.get(name) or head.seeds.get(name)
    if not type_ or not said:
        return job, None
    rest = replace(head, body=_without(head.body, name), seeds=_without(head.seeds, name))
    return replace(job, parts=(rest, *job.parts[1:])), Attachment(type_, str(said["to"]), _without(said, "to"))


def _without(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {n: v for n, v in body.items() if n != name}
