"""The Avro schema of an object's change events, made from the object's metadata as the vendor makes it.

Source: Change Data Capture guide ("Change Event Header Fields", "Change Event Body Fields") and real schemas. Every field but the header
is a union with null; addresses and person names are records; dates and times are plain longs whose meaning is only in `doc`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import fastavro

from ops.sandbox.salesforce.bitmap import Place
from ops.sandbox.salesforce.metadata import Field

NAMESPACE = "com.sforce.eventbus"
CHANGES = ["CREATE", "UPDATE", "DELETE", "UNDELETE"]
CHANGE_TYPES = [*CHANGES, *(f"GAP_{change}" for change in CHANGES), "GAP_OVERFLOW", "SNAPSHOT"]  # the last: reserved
ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode", "Latitude", "Longitude", "GeocodeAccuracy")
PERSON = ("Salutation", "FirstName", "LastName")
ABSENT = {"Id", "IsDeleted", "SystemModstamp", "LastActivityDate", "LastViewedDate", "LastReferencedDate", "PhotoUrl"}
# Object Reference, "StandardObjectNameChangeEvent": what else each event lacks.
ABSENT_BY_OBJECT: Mapping[str, Collection[str]] = {
    "Account": {"MasterRecordId"},
    "PricebookEntry": {"Name", "ProductCode"},
    "Quote": {"AccountId", "Discount", "GrandTotal"},
    "QuoteLineItem": {"ListPrice", "Subtotal", "TotalPrice"},
    "OrderItem": {"TotalPrice"},
    "Case": {"ContactEmail", "ContactPhone", "Comments"},
}
PRIMITIVES = {"boolean": "boolean", "int": "int", "currency": "double", "percent": "double", "double": "double"} | dict.fromkeys(
    ("date", "datetime", "time"), "long"
)
DOCS = {
    "currency": "Data:Currency",
    "percent": "Data:Percent",
    "double": "Data:Double",
    "int": "Data:Integer",
    "boolean": "Data:Boolean",
    "date": "Data:DateOnly",
    "datetime": "Data:DateTime",
    "time": "Data:TimeOnly",
    "reference": "ForeignKey:EntityId",
    "picklist": "Data:DynamicEnum",
    "multipicklist": "Data:MultiEnum",
    "email": "Data:Email",
    "phone": "Data:Phone",
    "url": "Data:Url",
    "textarea": "Data:StringPlusClob",
}


@dataclass(frozen=True, slots=True)
class EventSchema:
    """`places`: flat REST name -> its place in the event. `types`: flat REST name -> type as in describe."""

    object: str
    id: str
    text: str
    parsed: Any
    fields: tuple[str, ...]
    children: Mapping[int, tuple[str, ...]]
    places: Mapping[str, Place]
    types: Mapping[str, str]


def build(object_name: str, fields: Iterable[Field], *, drift: int = 0) -> EventSchema:
    """The schema of one object; `drift` adds that many custom fields before the others, as an administrator might."""
    carried = [field for field in fields if _carried(object_name, field)]
    body = _Body(object_name, {field.name: field for field in carried})
    for field in carried:
        if not field.custom:
            body.add(field)
    for number in range(drift):
        body.plain(f"Drift_{number + 1}__c", "string", custom=True)
    for field in carried:
        if field.custom:
            body.add(field)
    record = {"type": "record", "name": event_name(object_name), "namespace": NAMESPACE, "fields": body.fields}
    text = json.dumps(record, separators=(",", ":"))
    return EventSchema(
        object=object_name,
        id=base64.urlsafe_b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode().rstrip("="),
        text=text,
        parsed=fastavro.parse_schema(record),
        fields=tuple(field["name"] for field in body.fields),
        children=body.children,
        places=body.places,
        types=body.types,
    )


def _carried(object_name: str, field: Field) -> bool:
    """Formulas and other derived values leave no event; roll-ups and auto numbers do."""
    derived = field.calculated and not (field.rollup or field.auto_number)
    absent = field.name in ABSENT or field.name in ABSENT_BY_OBJECT.get(object_name, ())
    return not (derived or absent or field.type in {"address", "location"})


def event_name(object_name: str) -> str:
    """`Account` -> `AccountChangeEvent`, `X__c` -> `X__ChangeEvent`."""
    return f"{object_name[:-3]}__ChangeEvent" if object_name.endswith("__c") else f"{object_name}ChangeEvent"


def object_name(event: str) -> str:
    """The other way: `X__ChangeEvent` -> `X__c`; a plain object's name stays as it is."""
    if event.endswith("__ChangeEvent"):
        return event.removesuffix("ChangeEvent") + "c"
    return event.removesuffix("ChangeEvent")


class _Body:
    """The fields of a schema under construction."""

    def __init__(self, object_name: str, by_name: Mapping[str, Field]) -> None:
        self._object = object_name
        self._by_name = by_name
        self.fields: list[dict[str, Any]] = [{"name": "ChangeEventHeader", "type": _header()}]
        self.children: dict[int, tuple[str, ...]] = {}
        self.places: dict[str, Place] = {}
        self.types: dict[str, str] = {}
        self._defined: set[str] = set()

    def add(self, field: Field) -> None:
        if field.name in self.places:
            return
        prefix = None if field.custom else self._address_prefix(field.name)
        if prefix is not None:
            self._compound(f"{prefix}Address", "Address", ADDRESS, prefix)
        elif field.name in {"Name", *PERSON} and self._is_person():
            self._compound("Name", "PersonName", PERSON, "")
        elif field.name == "Name" and self._object == "Account":
            self.plain("Name", "string", custom=False, union=["null", "string", _record("Switchable_PersonName", PERSON)])
        else:
            self.plain(field.name, field.type, custom=field.custom)

    def plain(self, name: str, kind: str, *, custom: bool, union: list[Any] | None = None) -> None:
        self.places[name] = Place(len(self.fields))
        self.types[name] = kind
        union = union or ["null", PRIMITIVES.get(kind, "string")]
        self.fields.append({"name": name, "type": union, "doc": _doc(self._object, name, kind, custom=custom), "default": None})

    def _compound(self, name: str, record: str, parts: tuple[str, ...], prefix: str) -> None:
        """A compound field at the place of its first part; the record is spelled out once and named afterwards."""
        at = len(self.fields)
        kind: Any = record if record in self._defined else _record(record, parts)
        self._defined.add(record)
        self.children[at] = parts
        for index, part in enumerate(parts):
            self.places[f"{prefix}{part}"] = Place(at, index)
            self.types[f"{prefix}{part}"] = "double" if part in {"Latitude", "Longitude"} else "string"
        self.fields.append({"name": name, "type": ["null", kind], "doc": f"Data:{record}", "default": None})

    def _address_prefix(self, name: str) -> str | None:
        for part in sorted(ADDRESS, key=len, reverse=True):
            prefix = name.removesuffix(part)
            if prefix != name and all(f"{prefix}{other}" in self._by_name for other in ("Street", "City", "PostalCode")):
                return prefix
        return None

    def _is_person(self) -> bool:
        return self._object != "Account" and {"FirstName", "LastName"} <= self._by_name.keys()


def _record(name: str, parts: tuple[str, ...]) -> dict[str, Any]:
    def part(item: str) -> dict[str, Any]:
        return {"name": item, "type": ["null", "double" if item in {"Latitude", "Longitude"} else "string"], "default": None}

    return {"type": "record", "name": name, "namespace": NAMESPACE, "fields": [part(item) for item in parts]}


def _header() -> dict[str, Any]:
    strings = {"type": "array", "items": "string"}
    kinds: list[tuple[str, Any]] = [
        ("entityName", "string"),
        ("recordIds", strings),
        ("changeType", {"type": "enum", "name": "ChangeType", "symbols": CHANGE_TYPES}),
        ("changeOrigin", "string"),
        ("transactionKey", "string"),
        ("sequenceNumber", "int"),
        ("commitTimestamp", "long"),
        ("commitNumber", "long"),
        ("commitUser", "string"),
        ("nulledFields", strings),
        ("diffFields", strings),
        ("changedFields", strings),
    ]
    fields = [{"name": name, "type": kind} for name, kind in kinds]
    return {"type": "record", "name": "ChangeEventHeader", "namespace": NAMESPACE, "fields": fields}


def _doc(object_name: str, name: str, kind: str, *, custom: bool) -> str:
    """`Data:DateOnly:00N...` for a custom field, `Data:DateOnly` for a standard one, the audit fields with their own words."""
    audit = {"CreatedDate": "CreatedDate:DateTime", "LastModifiedDate": "LastModifiedDate:DateTime"}
    if name in audit:
        return audit[name]
    if name in {"CreatedById", "LastModifiedById"}:
        return f"{name.removesuffix('Id')}:EntityId"
    doc = DOCS.get(kind, "Data:Text")
    if not custom:
        return doc
    mark = base64.b32encode(hashlib.sha256(f"{object_name}.{name}".encode()).digest()).decode()[:12]
    return f"{doc}:00N{mark}"
