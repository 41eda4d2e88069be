"""Topics of the event bus and which objects' events each carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.salesforce.deployed import Member
from ops.sandbox.salesforce.eventschema import event_name
from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.replay import Ledger

ALL = "/data/ChangeEvents"


class BusOrg(Protocol):
    """What the event bus needs of an org."""

    @property
    def org_id(self) -> str:
        """18 characters."""
        ...

    @property
    def journal(self) -> Ledger: ...
    @property
    def clock(self) -> SandboxClock: ...
    @property
    def faults(self) -> Switchboard: ...
    @property
    def objects(self) -> Mapping[str, SObject]: ...
    @property
    def cdc_entities(self) -> Sequence[str]:
        """Objects selected for change data capture: five without the add-on."""
        ...

    @property
    def channels(self) -> Mapping[str, Sequence[Member]]:
        """Custom channels (`Accord_Changes__chn`) with their members."""
        ...

    def get(self, name: str, record_id: str) -> Mapping[str, Any] | None:
        """The record as it is now, None when it is deleted."""
        ...

    def check_session(self, token: str) -> str | None:
        """The user of an access token, None when it isn't valid."""
        ...


@dataclass(frozen=True, slots=True)
class Topic:
    """`members`: object -> fields that each of its events carries besides the changed ones. `object` is blank for several objects."""

    name: str
    object: str
    members: Mapping[str, tuple[str, ...]]


def topic(org: BusOrg, name: str) -> Topic | None:
    """The topic of that exact name, None when this org has none."""
    selected = list(org.cdc_entities)
    if name == ALL:
        return Topic(name, "", dict.fromkeys(selected, ()))
    channel = org.channels.get(name.removeprefix("/data/")) if name.startswith("/data/") else None
    if channel is not None:
        return Topic(name, "", {member.entity: tuple(member.enriched) for member in channel if member.entity in selected})
    found = next((item for item in selected if name == f"/data/{event_name(item)}"), None)
    return Topic(name, found, {found: ()}) if found else None
