"""What the org knows about its objects: fields with the type names of describe, and how an object hangs together with others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

TEXT_TYPES = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "encryptedstring", "combobox"})
NUMBER_TYPES = frozenset({"currency", "percent", "double"})
MATCHED_BY = frozenset({"StockKeepingUnit", "ProductCode", "AccountNumber", "OrderReferenceNumber", "PoNumber"})
SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "double": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "address": "urn:address",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `type` is the type name of describe. `length` in characters (text); `precision` and `scale` in digits (numbers).

    `reference_to` names the one object that it points to; `relationship` is the name for paths upwards ("Account"), `children` the one for
    sub-queries downwards ("Contacts"). `calculated`: derived by the org, never written, and in no change event unless it is a roll-up.
    `compound`: the name of the address that this part belongs to. `deployed`: came with our metadata, not with the product.
    """

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    reference_to: str = ""
    relationship: str = ""
    children: str = ""
    master_detail: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    default: Any = None
    calculated: bool = False
    rollup: bool = False
    auto_number: str = ""
    compound: str = ""
    custom: bool = False
    id_lookup: bool = False

    @property
    def is_text(self) -> bool:
        return self.type in TEXT_TYPES

    @property
    def is_number(self) -> bool:
        return self.type in NUMBER_TYPES

    @property
    def indexed(self) -> bool:
        """Looked up without a scan: keys, references, and what people match by."""
        return self.external_id or self.unique or self.id_lookup or self.type in {"reference", "email"} or self.name in MATCHED_BY

    def describe(self) -> dict[str, Any]:
        """The entry of describe's `fields`."""
        return {
            "aggregatable": self.type not in {"textarea", "address"},
            "autoNumber": bool(self.auto_number),
            "byteLength": self.length * 3,
            "calculated": self.calculated and not self.auto_number,
            "caseSensitive": self.case_sensitive,
            "compoundFieldName": self.compound or None,
            "createable": self.createable,
            "custom": self.custom,
            "defaultValue": self.default,
            "defaultedOnCreate": self.default is not None or self.type == "boolean",
            "digits": self.precision if self.type == "int" else 0,
            "externalId": self.external_id,
            "filterable": not (self.type == "textarea" and self.length > 255) and self.type != "address",
            "groupable": self.type not in {"textarea", "address", "currency", "double", "percent"},
            "idLookup": self.id_lookup or self.external_id or self.type == "id",
            "inlineHelpText": None,
            "label": self.label or self.name,
            "length": 18 if self.type in {"id", "reference"} else self.length,
            "name": self.name,
            "nameField": self.name in {"Name", "OrderNumber", "CaseNumber", "QuoteNumber", "OrderItemNumber"},
            "nillable": not self.required and self.type not in {"id", "boolean"},
            "permissionable": self.custom and not self.master_detail,
            "picklistValues": [
                {"active": True, "defaultValue": value == self.default, "label": value, "validFor": None, "value": value} for value in self.values
            ],
            "precision": self.precision if self.is_number else 0,
            "referenceTo": [self.reference_to] if self.reference_to else [],
            "relationshipName": self.relationship or None,
            "restrictedPicklist": self.restricted,
            "scale": self.scale,
            "soapType": SOAP_TYPES.get(self.type, "xsd:string"),
            "sortable": not (self.type == "textarea" and self.length > 255) and self.type != "address",
            "type": self.type,
            "unique": self.unique,
            "updateable": self.updateable,
        }


@dataclass(slots=True)
class SObject:
    """One object. `fields` keep their order; custom ones follow the standard ones, as event schemas want it."""

    name: str
    prefix: str
    label: str
    plural: str
    fields: dict[str, Field] = field(default_factory=dict)
    name_field: str = "Name"
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    custom: bool = False
    _lower: dict[str, Field] = field(default_factory=dict)
    bare: bool = False  # no audit fields of its own (CurrencyType and other set-up rows)

    def __post_init__(self) -> None:
        self._lower = {name.lower(): item for name, item in self.fields.items()}

    def add(self, item: Field) -> None:
        self.fields[item.name] = item
        self._lower[item.name.lower()] = item

    def find(self, name: str) -> Field | None:
        """A field by its API name in any case, as SOQL and REST take it."""
        return self.fields.get(name) or self._lower.get(name.lower())

    def relationship(self, name: str) -> Field | None:
        """The reference field behind a path upwards ("Account", "Order__r")."""
        lower = name.lower()
        return next((f for f in self.fields.values() if f.relationship and f.relationship.lower() == lower), None)

    def address_parts(self, compound: str) -> list[Field]:
        return [f for f in self.fields.values() if f.compound == compound]


class Catalogue(dict[str, SObject]):
    """All objects by name. Look-ups ignore case where the API does."""

    def object(self, name: str) -> SObject | None:
        found = self.get(name)
        if found is not None:
            return found
        lower = name.lower()
        return next((item for key, item in self.items() if key.lower() == lower), None)

    def by_prefix(self, record_id: str) -> SObject | None:
        return next((item for item in self.values() if item.prefix == record_id[:3]), None)

    def children(self, parent: str) -> Iterable[tuple[SObject, Field]]:
        """Every (object, field) that points to `parent`."""
        for item in self.values():
            for one in item.fields.values():
                if one.reference_to == parent:
                    yield item, one
