"""Typed events to bytes and back: Confluent wire format (magic 0, schema id in 4 bytes, Avro), compiled once per schema.

Source of the format: docs.confluent.io, "Formats, Serializers, and Deserializers", wire format.
"""

from __future__ import annotations

import dataclasses
import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError

from accord.errors import Fatal, Rejected
from accord.kafka.registry import Registry
from accord.kafka.writer import Write, compiled
from schemas import events
from schemas.topics import BACKFILL, Topic, golden_record

HEADER = struct.Struct(">bI")
NATIVE = (bytes, Decimal, datetime, date)  # what Avro's logical types are in Python; msgspec must pass them through
MALFORMED = (EOFError, ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error, SchemaResolutionError, ArithmeticError)


class Reader(NamedTuple):
    """How values of one schema id are read. `ours` None: the writer's schema is our own, nothing to resolve."""

    record: str
    writer: Any
    ours: Any
    kind: type[Any] | None
    lists: tuple[tuple[str, Callable[[Any], Any]], ...] = ()


class Writer(NamedTuple):
    """`compiled` None: events of this schema go through fastavro, as dictionaries."""

    header: bytes
    schema: Any
    compiled: Write | None


def shipped() -> Mapping[str, dict[str, Any]]:
    """Record name -> schema, of every `.avsc` file of the contract."""
    found = [json.loads(f.read_text()) for f in (files("schemas") / "avro").iterdir() if f.name.endswith(".avsc")]
    return {schema["name"]: schema for schema in found}


def typed_events() -> Mapping[str, type[Any]]:
    """Record name -> dataclass."""
    return {name: kind for name, kind in vars(events).items() if dataclasses.is_dataclass(kind) and isinstance(kind, type)}


def subject(topic: str, schema: Mapping[str, Any]) -> str:
    """`<topic without prefix and lane>-<full record name>`: the prefix names a deployment, the schema is the same in all."""
    return f"{topic.removesuffix(BACKFILL)}-{schema['namespace']}.{schema['name']}"


def freezers(kind: type[Any]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """What turns the lists of a decoded event into tuples: a frozen value that was decoded must equal the one that was encoded."""
    found = ((name, _freezer(hint)) for name, hint in get_type_hints(kind).items())
    return tuple((name, freeze) for name, freeze in found if freeze is not None)


def _freezer(hint: Any) -> Callable[[Any], Any] | None:
    origin = get_origin(hint)
    if origin is Sequence:
        return tuple
    inner = _freezer(get_args(hint)[1]) if origin is Mapping else None
    return None if inner is None else lambda table: {name: inner(value) for name, value in table.items()}


class Codec:
    """Encodes by topic and type, decodes by the id that stands in the bytes. Not for several threads at once."""

    def __init__(
        self, registry: Registry, schemas: Mapping[str, dict[str, Any]] | None = None, kinds: Mapping[str, type[Any]] | None = None,
        guards: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:  # fmt: skip
        """`guards`: by record name, what an event must go through before it leaves."""
        self._registry = registry
        self._guards = guards or {}
        self._schemas = shipped() if schemas is None else schemas
        self._kinds = typed_events() if kinds is None else kinds
        self._parsed = {name: parse_schema(schema, named_schemas={}) for name, schema in self._schemas.items()}
        self._writers: dict[tuple[str, str], Writer] = {}
        self._compiled: dict[str, Write | None] = {}
        self._readers: dict[int, Reader] = {}

    def register_all(self, topics: Sequence[Topic]) -> None:
        """Check and register every schema of these topics, before anything is sent: at the start of each process.

        Fatal, naming all of them, where one could not read what its predecessor wrote. Transient while the registry is down.
        """
        wanted = [(topic.name, record) for topic in topics for record in topic.records]
        unknown = [record for _, record in wanted if record not in self._schemas]
        if unknown:
            raise Fatal(f"topics name records without a schema in schemas/avro: {sorted(set(unknown))}", code="schema_missing")
        faults = [fault for topic, record in wanted for fault in self._faults(topic, record)]
        if faults:
            raise Fatal("schemas would break readers of older events:\n  " + "\n  ".join(faults), code="schema_incompatible")
        for topic, record in wanted:
            self._writer(topic, record)

    def encode(self, topic: str, event: Any) -> bytes:
        """`topic`: without prefix, with or without lane. `event`: one of schemas.events, or a dict for a golden record.

        Rejected(code="unencodable") where a value doesn't fit the schema.
        """
        bare = topic.removesuffix(BACKFILL)
        record = golden_record(bare.rpartition(".")[2]) if isinstance(event, dict) else type(event).__name__
        writer = self._writers.get((bare, record)) or self._writer(bare, record)
        if guard := self._guards.get(record):
            event = guard(event)
        try:
            if writer.compiled and not isinstance(event, dict):
                parts = [writer.header]
                writer.compiled(event, parts.append)
                return b"".join(parts)
            out = io.BytesIO()
            out.write(writer.header)
            plain = event if isinstance(event, dict) else msgspec.to_builtins(event, builtin_types=NATIVE)
            schemaless_writer(out, writer.schema, plain)
        except (*MALFORMED, AttributeError) as error:
            raise Rejected(f"{record} does not fit its schema: {error!r}", code="unencodable") from error
        return out.getvalue()

    def decode(self, value: bytes) -> Any:
        """The typed event (a dict where the contract has no class for the record).

        Rejected: `malformed`, or `unknown_schema` where neither the registry nor the contract knows it. Transient: registry down.
        """
        if len(value) < HEADER.size or value[0] != 0:
            raise Rejected(f"not in Confluent wire format: starts with {value[:8].hex()}", code="malformed")
        reader = self._readers.get(HEADER.unpack_from(value)[1]) or self._reader(HEADER.unpack_from(value)[1])
        source = io.BytesIO(value)
        source.seek(HEADER.size)
        try:
            plain: Any = schemaless_reader(source, reader.writer, reader.ours)
            event = plain if reader.kind is None else msgspec.convert(plain, reader.kind, builtin_types=NATIVE)
            for name, freeze in reader.lists:
                object.__setattr__(event, name, freeze(getattr(event, name)))
        except MALFORMED as error:
            raise Rejected(f"{reader.record} cannot be decoded: {error}", code="malformed") from error
        if source.tell() != len(value):
            raise Rejected(f"{reader.record} has {len(value) - source.tell()} bytes too many", code="malformed")
        return event

    def _writer(self, topic: str, record: str) -> Writer:
        if record not in self._schemas:
            raise Fatal(f"no schema {record} in schemas/avro (for topic {topic})", code="schema_missing")
        schema = self._schemas[record]
        schema_id = self._registry.register(subject(topic, schema), json.dumps(schema))
        self._readers.setdefault(schema_id, self._reads(record, self._parsed[record], None))
        parsed = self._parsed[record]
        if record not in self._compiled:  # once, however many topics carry it
            self._compiled[record] = compiled(parsed)
        return self._writers.setdefault((topic, record), Writer(HEADER.pack(0, schema_id), parsed, self._compiled[record]))

    def _reader(self, schema_id: int) -> Reader:
        text = self._registry.schema(schema_id)
        schema = json.loads(text)
        record = schema.get("name", "") if isinstance(schema, dict) else ""
        ours = self._schemas.get(record)
        if ours is None:
            raise Rejected(f"schema id {schema_id} is a {record or text[:60]}, which is none of ours", code="unknown_schema")
        same = schema == ours
        writer = self._parsed[record] if same else parse_schema(schema, named_schemas={})
        return self._readers.setdefault(schema_id, self._reads(record, writer, None if same else self._parsed[record]))

    def _reads(self, record: str, writer: Any, ours: Any) -> Reader:
        kind = self._kinds.get(record)
        return Reader(record, writer, ours, kind, () if kind is None else freezers(kind))

    def _faults(self, topic: str, record: str) -> tuple[str, ...]:
        schema = self._schemas[record]
        return self._registry.incompatibilities(subject(topic, schema), json.dumps(schema))
