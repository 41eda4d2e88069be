"""What the producers read, derived from the mapping: which object, which fields, how a whole document hangs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.ids import System


@dataclass(frozen=True, slots=True)
class Children:
    """Child rows read with their parent in one call: Salesforce's relationship name (`OrderItems`), NetSuite's line search, or a sublist.

    shown: under what name rows of a sublist arrive that is called like a column.
    """

    name: str
    fields: tuple[str, ...]
    filters: tuple[object, ...] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows of another NetSuite search that belong to a row: those in which the column `on` names its internal id; they arrive under `name`."""

    name: str
    type: str
    on: str
    columns: tuple[str, ...]
    filters: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Stir:
    """A row that is new or changed puts the record of that entity which its column names on `read.netsuite`; `lines.<column>`: each of its lines."""

    entity: str
    column: str


@dataclass(frozen=True, slots=True)
class SalesforceRead:
    """One Salesforce object of one entity.

    mode: `cdc` (events carry the values), `document` (events are hints, the record is read whole with its children), `poll` (SystemModstamp).
    hint: this object's events only point at the parent document: (parent entity, field that holds the parent's id), e.g. ("order", "OrderId").
    merges: records can be merged: a deleted one names the survivor (`MasterRecordId`).
    fields: API names, parent paths allowed ("Account.Name"); arrive in the body under the same names.
    every_s: seconds between polls, 0 = as the configuration says: what only we write is looked at now and then.
    """

    system: ClassVar[System] = "salesforce"
    entity: str
    object: str
    mode: Literal["cdc", "document", "poll"]
    fields: tuple[str, ...]
    children: tuple[Children, ...] = ()
    where: str = ""
    hint: tuple[str, str] | None = None
    merges: bool = False
    every_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NetSuiteRead:
    """One NetSuite search of one entity. columns: search names ("entityid", "pricing.unitprice").

    mode: `poll` (keyset on the stamp) or `snapshot` (read whole at a rhythm and compared: prices have no stamp).
    key: columns whose values make the record id of a snapshot row (joined by "-"); empty = the internal id.
    sublists: sublists that no search shows (packages of a fulfilment), read from each record; arrive in the body under their names, or `shown`.
    saved_search: a customer's own search to run instead, by id.
    joined: other searches whose rows go along. stirs: other records that must be read because of a row.
    hint: the rows only stir. query: SuiteQL to read instead of a search (snapshots only); ordered by the first of `key`.
    """

    system: ClassVar[System] = "netsuite"
    entity: str
    type: str
    columns: tuple[str, ...]
    mode: Literal["poll", "snapshot"] = "poll"
    filters: tuple[object, ...] = ()
    lines: Children | None = None
    sublists: tuple[Children, ...] = ()
    stamp_field: str = "lastmodifieddate"
    key: tuple[str, ...] = ()
    saved_search: str = ""
    every_s: float = 0.0
    joined: tuple[Joined, ...] = ()
    stirs: tuple[Stir, ...] = ()
    hint: bool = False
    query: str = ""
