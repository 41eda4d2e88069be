"""Our metadata project, read as if it had been deployed: custom fields and objects, and the change channel with its members."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from ops.sandbox.salesforce.metadata import Catalogue, Field, SObject
from ops.sandbox.salesforce.standard import AUDIT, AUDIT_FIRST
from ops.sandbox.salesforce.standard import fields as parse

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_TYPES = {
    "Text": "string",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Checkbox": "boolean",
    "Currency": "currency",
    "Number": "double",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Picklist": "picklist",
    "Lookup": "reference",
    "MasterDetail": "reference",
}
_LENGTHS = {"Email": 80, "Phone": 40, "Url": 255, "TextArea": 255, "Picklist": 255, "Lookup": 18, "MasterDetail": 18}


@dataclass(frozen=True, slots=True)
class Member:
    """One entity of a channel. `entity` is the object's name; `enriched` are fields that every event of it carries."""

    entity: str
    enriched: tuple[str, ...] = ()
    filter: str = ""


def project() -> Traversable:
    """The metadata that ships with Accord."""
    return files("ops") / "salesforce" / "force-app" / "main" / "default"


def deploy(catalogue: Catalogue, root: Traversable, undeployed: Collection[str] = ()) -> dict[str, tuple[Member, ...]]:
    """Add what `root` holds to the catalogue; answers the channels by name.

    `undeployed` leaves out objects ("Accord_Package__c") or fields ("Account.Accord_Key__c"), as an admin who forgot them would.
    """
    objects = sorted((root / "objects").iterdir(), key=lambda item: item.name)
    wanted = [item for item in objects if item.is_dir() and item.name not in undeployed]
    customs = [item for item in wanted if item.name.endswith("__c")]
    for serial, item in enumerate(customs, sum(one.custom for one in catalogue.values())):
        catalogue[item.name] = _object(item, serial)
    for item in wanted:
        for one in sorted((item / "fields").iterdir(), key=lambda entry: entry.name):
            parsed = _field(_read(one))
            if f"{item.name}.{parsed.name}" not in undeployed:
                catalogue[item.name].add(parsed)
    return _channels(root)


def _read(item: Traversable) -> Element:
    return fromstring(item.read_text(encoding="utf-8"))  # noqa: S314 our own files


def _text(root: Element, name: str, default: str = "") -> str:
    found = root.find("/".join(NAMESPACE + part for part in name.split("/")))
    return found.text or "" if found is not None else default


def _object(folder: Traversable, serial: int) -> SObject:
    root = _read(folder / f"{folder.name}.object-meta.xml")
    item = SObject(folder.name, f"a{serial:02d}", _text(root, "label"), _text(root, "pluralLabel"), custom=True)
    for one in parse(AUDIT_FIRST + "\nOwnerId ref(User:Owner:)\n" + AUDIT):
        detail = _text(root, "sharingModel") == "ControlledByParent"
        if not (one.name == "OwnerId" and detail):
            item.add(one)
    pattern = _text(root, "nameField/displayFormat")
    if pattern:
        zeros = pattern.count("0")
        auto = pattern.replace("{" + "0" * zeros + "}", "{:0" + str(zeros) + "d}")
        item.add(Field("Name", "string", label=item.label + " Number", length=80, createable=False, updateable=False, auto_number=auto))
    else:
        item.add(Field("Name", "string", label=item.label + " Name", length=80))
    return item


def _field(root: Element) -> Field:
    name, kind = _text(root, "fullName"), _text(root, "type")
    yes = {key: _text(root, key) == "true" for key in ("required", "externalId", "unique", "caseSensitive")}
    options: dict[str, Any] = {}
    if kind in {"Lookup", "MasterDetail"}:
        options = {"reference_to": _text(root, "referenceTo"), "relationship": name.removesuffix("__c") + "__r"}
        options |= {"children": _text(root, "relationshipName") + "__r", "master_detail": kind == "MasterDetail"}
        options["updateable"] = kind == "Lookup"
    if kind == "Picklist":
        path = f"{NAMESPACE}valueSet/{NAMESPACE}valueSetDefinition/{NAMESPACE}value/{NAMESPACE}fullName"
        options = {
            "values": tuple(item.text or "" for item in root.iterfind(path)),
            "restricted": _text(root, "valueSet/restricted") == "true",
        }
    if _text(root, "formula"):  # shown, never worked out here
        options = {"createable": False, "updateable": False, "calculated": True}
    return Field(
        name,
        _TYPES[kind],
        label=_text(root, "label"),
        length=int(_text(root, "length") or _LENGTHS.get(kind, 0)),
        precision=int(_text(root, "precision") or 0),
        scale=int(_text(root, "scale") or 0),
        required=yes["required"] or kind == "MasterDetail",
        external_id=yes["externalId"],
        unique=yes["unique"],
        case_sensitive=yes["caseSensitive"],
        custom=True,
        **options,
    )


def _channels(root: Traversable) -> dict[str, tuple[Member, ...]]:
    found: dict[str, tuple[Member, ...]] = {}
    if not (root / "platformEventChannels").is_dir():
        return found
    for item in (root / "platformEventChannels").iterdir():
        found[item.name.split(".", maxsplit=1)[0]] = ()
    for item in sorted((root / "platformEventChannelMembers").iterdir(), key=lambda entry: entry.name):
        one = _read(item)
        enriched = tuple(name.text or "" for name in one.iterfind(f"{NAMESPACE}enrichedFields/{NAMESPACE}name"))
        member = Member(_entity(_text(one, "selectedEntity")), enriched, _text(one, "filterExpression"))
        found[_text(one, "eventChannel")] = (*found[_text(one, "eventChannel")], member)
    return found


def _entity(selected: str) -> str:
    """`OrderChangeEvent` -> `Order`, `X__ChangeEvent` -> `X__c`."""
    return selected.removesuffix("__ChangeEvent") + "__c" if selected.endswith("__ChangeEvent") else selected.removesuffix("ChangeEvent")


def entities(channels: Mapping[str, tuple[Member, ...]]) -> list[str]:
    """Every entity that some channel selects, once."""
    return list(dict.fromkeys(member.entity for members in channels.values() for member in members))
