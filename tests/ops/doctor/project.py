"""The SFDX project as files, and its objects as describe would show them once deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, parse

from ops.doctor.described import unknown
from ops.doctor.needs import Need
from ops.sandbox.salesforce import deployed, standard
from ops.sandbox.salesforce.metadata import Catalogue
from streams.mapping import shipped, stores
from streams.mapping.load import spelled
from streams.mapping.table import EntityTable
from tests.streams.mapping.builders import REFERENCE, STORES

ROOT = Path(str(deployed.project()))
NAMESPACE = deployed.NAMESPACE
#: Every optional feature is there, so every field of the tables is in; SuiteTax and legacy tax exclude each other.
WHOLE = {**REFERENCE, "employees": {"005": "1"}, "categories": {"retail": "1"}, "customer_currencies": True}


def tables() -> Mapping[str, EntityTable]:
    """All shipped tables."""
    suite, legacy = ({**WHOLE, "nexuses": {"US": "1"}, "legacy_tax": on} for on in (False, True))
    return {**spelled(shipped(), [], stores(suite, STORES)), **spelled(shipped(), [], stores(legacy, STORES))}


def catalogue() -> Catalogue:
    made = standard.catalogue()
    deployed.deploy(made, deployed.project())
    return made


def described(objects: Catalogue, needs: Iterable[Need]) -> dict[str, Any]:
    """What describe answers of everything that the needs lead to."""
    out: dict[str, Any] = {}
    asked = list(needs)
    while more := unknown(asked, out) - set(out):
        out |= {name: _describe(objects, name) for name in more}
    return out


def _describe(objects: Catalogue, name: str) -> dict[str, Any] | None:
    if name not in objects:
        return None
    children = [{"childSObject": c.name, "field": f.name, "relationshipName": f.children} for c, f in objects.children(name)]
    return {"fields": {f.name: f.describe() for f in objects[name].fields.values()}, "childRelationships": children}


def xml(pattern: str) -> Iterator[tuple[Path, Element]]:
    """Files and their root elements; one that is no XML raises."""
    for path in sorted(ROOT.glob(pattern)):
        yield path, parse(path).getroot()  # noqa: S314 our own files


def tag(element: Element) -> str:
    return element.tag.removeprefix(NAMESPACE)


def said(root: Element, path: str, default: str = "") -> str:
    return root.findtext("/".join(NAMESPACE + part for part in path.split("/")), default)


def fields() -> dict[str, Element]:
    """`Object.Field__c` -> its definition."""
    return {f"{path.parent.parent.name}.{path.name.split('.')[0]}": root for path, root in xml("objects/*/fields/*.field-meta.xml")}


def objects() -> dict[str, Element]:
    """Custom objects by API name."""
    return {path.parent.name: root for path, root in xml("objects/*/*.object-meta.xml")}
