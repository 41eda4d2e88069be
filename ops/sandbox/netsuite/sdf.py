"""What `ops/netsuite` deploys into the sandbox: custom fields and the RESTlet, read from the SDF objects themselves."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "netsuite" / "src"
KINDS = {"TEXT": "text:300", "TEXTAREA": "text:4000", "PERCENT": "percent", "FLOAT": "number", "CHECKBOX": "bool", "DATE": "date", "INTEGER": "int"}
#: Internal ids of standard record types, as a List/Record field names them.
RECORDS = {"-2": "customer", "-6": "contact", "-30": "salesOrder"}
SALES = ("salesOrder", "estimate", "invoice", "creditMemo", "returnAuthorization")
ITEMS = {
    "appliestoinventory": ("inventoryItem",),
    "appliestononinventory": ("nonInventorySaleItem", "nonInventoryResaleItem"),
    "appliestoservice": ("serviceSaleItem", "serviceResaleItem"),
    "appliestokit": ("kitItem",),
    "appliestoitemassembly": ("assemblyItem",),
}
APPLIES: dict[str, dict[str, tuple[str, ...]]] = {
    "entitycustomfield": {"appliestocustomer": ("customer",), "appliestocontact": ("contact",)},
    "transactionbodycustomfield": {
        "bodysale": SALES,
        "bodyitemfulfillment": ("itemFulfillment",),
        "bodycustomerpayment": ("customerPayment",),
    },
    "transactioncolumncustomfield": {"colsale": SALES, "colitemfulfillment": ("itemFulfillment",)},
    "itemcustomfield": ITEMS,
}


@dataclass(frozen=True, slots=True)
class CustomField:
    """One deployed field. `types`: REST record types; `column`: it stands on their item lines, not on the body."""

    id: str
    kind: str
    label: str
    types: tuple[str, ...]
    column: bool


@dataclass(frozen=True, slots=True)
class Restlet:
    """One deployed script: its ids and the file that is run."""

    script: str
    deploy: str
    file: Path


def custom_fields(project: Path, undeployed: Collection[str] = ()) -> Iterator[CustomField]:
    """The project's fields; ids in `undeployed` are left out, as in an account where nobody deployed them."""
    for path in sorted((project / "Objects").glob("cust*.xml")):
        root = ET.parse(path).getroot()  # noqa: S314  our own files
        where = APPLIES.get(root.tag)
        name = root.get("scriptid", "")
        if where is None or name in undeployed:
            continue
        types = tuple(t for tag, names in where.items() if root.findtext(tag) == "T" for t in names)
        column = root.tag == "transactioncolumncustomfield"
        yield CustomField(name, KINDS[root.findtext("fieldtype", "TEXT")], root.findtext("label", name), types, column)


@dataclass(frozen=True, slots=True)
class CustomRecord:
    """One deployed record type of one's own: its script id is its name in REST and in searches."""

    id: str
    label: str
    fields: tuple[CustomField, ...]


def custom_records(project: Path, undeployed: Collection[str] = ()) -> Iterator[CustomRecord]:
    for path in sorted((project / "Objects").glob("customrecord_*.xml")):
        root = ET.parse(path).getroot()  # noqa: S314  our own files
        own = root.iterfind("customrecordcustomfields/customrecordcustomfield")
        found = tuple(CustomField(f.get("scriptid", ""), _kind(f), f.findtext("label", ""), (), column=False) for f in own)
        if path.stem not in undeployed:
            yield CustomRecord(root.get("scriptid", ""), root.findtext("recordname", ""), tuple(f for f in found if f.id not in undeployed))


def _kind(field: ET.Element) -> str:
    kind = field.findtext("fieldtype", "TEXT")
    return f"ref:{RECORDS[field.findtext('selectrecordtype', '')]}" if kind == "SELECT" else KINDS[kind]


def restlets(project: Path) -> Iterator[Restlet]:
    for path in sorted((project / "Objects").glob("customscript_*.xml")):
        root = ET.parse(path).getroot()  # noqa: S314  our own files
        script_file = project / "FileCabinet" / root.findtext("scriptfile", "").strip("[]").lstrip("/")
        for deployment in root.iter("scriptdeployment"):
            if deployment.findtext("isdeployed") == "T" and deployment.findtext("status") == "RELEASED":
                yield Restlet(root.get("scriptid", ""), deployment.get("scriptid", ""), script_file)
