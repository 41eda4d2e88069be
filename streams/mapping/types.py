"""What a field's type means: its reader and writer in each system, and its Avro type in the golden record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.ids import System
from streams.address import country_code
from streams.mapping import convert
from streams.mapping.convert import Reader, Writer
from streams.mapping.stores import Reference
from streams.mapping.table import EntityTable, FieldTable

TEXT: Any = ["null", "string"]
BOOLEAN: Any = ["null", "boolean"]
DATE: Any = ["null", {"type": "int", "logicalType": "date"}]
MOMENT: Any = ["null", {"type": "long", "logicalType": "timestamp-millis"}]
INTEGER: Any = ["null", "long"]


def decimal_type(precision: int, scale: int) -> Any:
    return ["null", {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}]


#: Scale of money in golden records: one more than any currency has.
MONEY: Any = decimal_type(20, 4)
QUANTITY: Any = decimal_type(18, 6)


@dataclass(frozen=True, slots=True)
class Kind:
    """One type. `rule`: `FieldRule.kind`. `argument`: what stands in its parentheses: "" nothing, else a word for faults. `undo`: can be undone."""

    rule: str
    avro: Any = None
    argument: str = ""
    undo: bool = True


KINDS: Mapping[str, Kind] = {
    "text": Kind("text", TEXT, "length", undo=False),
    "phone": Kind("phone", TEXT),
    "email": Kind("email", TEXT),
    "url": Kind("url", TEXT),
    "bool": Kind("bool", BOOLEAN),
    "not": Kind("bool", BOOLEAN),
    "date": Kind("date", DATE),
    "datetime": Kind("datetime", MOMENT),
    "money": Kind("money", MONEY),
    "qty": Kind("quantity", QUANTITY),
    "pct": Kind("percent", decimal_type(9, 4)),
    "fx": Kind("rate", decimal_type(18, 10)),
    "int": Kind("integer", INTEGER),
    "enum": Kind("enum", TEXT, "table"),
    "map": Kind("enum", TEXT, "reference table"),
    "status": Kind("enum", TEXT, "status table"),
    "ref": Kind("reference", TEXT, "entity"),
    "country": Kind("text", TEXT),
    "state": Kind("text", TEXT),
    "postal": Kind("text", TEXT),
    "street": Kind("text", TEXT),
    "key": Kind("text", TEXT),
    "id": Kind("text", TEXT),
    "json": Kind("lines", TEXT),
    "lines": Kind("lines", None),
}

PLAIN_READERS: Mapping[str, Reader] = {
    **dict.fromkeys(("text", "phone", "email", "url", "state", "postal", "key", "id"), convert.read_text),
    **dict.fromkeys(("money", "qty", "pct", "fx", "int"), convert.read_number),
    "bool": convert.read_bool, "datetime": convert.read_datetime, "street": convert.read_street,
}  # fmt: skip


def read_country(value: Any) -> str | None:
    text = convert.read_text(value)
    return None if text is None else country_code(text) or text


def enum_codes(table: EntityTable, name: str, system: str) -> Mapping[str, str]:
    """The other system's words -> ours."""
    out: dict[str, str] = {}
    for word, spec in table.section("tables", name).items():
        theirs = spec.get(system, ())
        out |= {str(each): word for each in ([theirs] if isinstance(theirs, str) else theirs)}
    return out


def enum_words(table: EntityTable, name: str, system: str) -> Mapping[str, str]:
    """Our words -> the first of the other system's."""
    out: dict[str, str] = {}
    for theirs, word in enum_codes(table, name, system).items():
        out.setdefault(word, theirs)
    return out


def map_codes(reference: Reference, name: str, system: str) -> Mapping[str, str]:
    """NetSuite's ids, or Salesforce's texts, -> our codes."""
    if system == "netsuite":
        return {id_: code for code, id_ in reference.codes.get(name, {}).items()}
    shown = reference.shown.get(name, {})
    return {**{code: code for code in shown}, **{text: code for code, text in shown.items()}}


def reader(field: FieldTable, system: System, table: EntityTable, reference: Reference) -> Reader:
    """Native value -> canonical text."""
    kind = field.type
    if kind in PLAIN_READERS:
        return PLAIN_READERS[kind]
    made: Mapping[str, Callable[[], Reader]] = {
        "not": lambda: convert.read_not if system == "netsuite" else convert.read_bool,
        "date": lambda: convert.date_reader(convert.DATE_ORDERS[reference.date_format]),
        "enum": lambda: convert.table_reader(enum_codes(table, field.argument, system)),
        "map": lambda: convert.table_reader(map_codes(reference, field.argument, system)),
        "ref": lambda: convert.ref_reader(field.argument, system),
        "country": lambda: read_country,
    }
    return made.get(kind, lambda: convert.read_text)()


def writer(field: FieldTable, system: System, table: EntityTable, reference: Reference) -> Writer:
    """Canonical text -> native JSON. In NetSuite, references and codes are objects with an id."""
    kind, there = field.type, system == "netsuite"
    made: Mapping[str, Callable[[], Writer]] = {
        "text": lambda: convert.text_writer(int(field.argument)) if field.argument else convert.write_text,
        **dict.fromkeys(("money", "qty", "pct", "fx", "int"), lambda: convert.write_number),
        "bool": lambda: convert.write_bool,
        "not": lambda: convert.write_not if there else convert.write_bool,
        "ref": lambda: convert.write_ref_object if there else convert.write_ref,
        "map": lambda: _map_writer(field.argument, reference, there=there),
        "enum": lambda: convert.table_writer(enum_words(table, field.argument, system), as_object=there),
        "country": lambda: convert.write_id_object if there else convert.write_text,
    }
    return made.get(kind, lambda: convert.write_text)()


def _map_writer(name: str, reference: Reference, *, there: bool) -> Writer:
    if there:
        return convert.table_writer(reference.codes.get(name, {}), as_object=True)
    return convert.word_writer(reference.shown.get(name, {}))
