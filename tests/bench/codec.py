"""Encode and decode: `accord.kafka.codec` beside plain fastavro on dictionaries and beside Confluent's own (de)serializer, event by event."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from fastavro import parse_schema, schemaless_reader, schemaless_writer

from accord.kafka.codec import HEADER, Codec, shipped
from schemas.events import EventValue, Observation, Record, Register, RowValue
from tests.bench.figures import Figure

TOPIC = {"Observation": "observation", "Record": "record"}
ROUNDS = 5


class Shelf:
    """A registry in memory: what is measured is the work per event, not a network."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def schema(self, schema_id: int) -> str:
        return self._texts[schema_id - 1]

    def register(self, subject: str, schema: str) -> int:
        self._texts.append(schema)
        return len(self._texts)

    def incompatibilities(self, subject: str, schema: str) -> tuple[str, ...]:
        return ()


def samples() -> tuple[Observation, Record]:
    """An observation of 12 fields, and a record that holds them from both systems."""
    fields = {f"field_{n}": f"value {n}" for n in range(12)}
    key = "customer:salesforce:001A00000000001AAA"
    seen = Observation(key, "customer", "salesforce", "Account", key[20:], "event", 7, 1_795_437_691_000, gone=False, whole=False, fields=fields)
    held = {
        "salesforce": {f: Register(EventValue(7, 1_795_437_691_000, v)) for f, v in fields.items()},
        "netsuite": {f: Register(row=RowValue(1_795_437_692_000, v)) for f, v in fields.items()},
    }
    return seen, Record(key=key, entity="customer", ids={"salesforce": key[20:], "netsuite": "117"}, registers=held)


def plain(schema: Mapping[str, Any]) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    """fastavro as it is, on dictionaries: the floor."""
    parsed, header = parse_schema(dict(schema), named_schemas={}), HEADER.pack(0, 1)

    def encode(event: Any) -> bytes:
        out = io.BytesIO()
        out.write(header)
        schemaless_writer(out, parsed, event)
        return out.getvalue()

    def decode(value: bytes) -> Any:
        source = io.BytesIO(value)
        source.seek(HEADER.size)
        return schemaless_reader(source, parsed, None)

    return encode, decode


def confluent(schema: Mapping[str, Any], topic: str) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    """Confluent's serializer and deserializer with their caches warm, on dictionaries, on a mock registry of theirs."""
    client, context = SchemaRegistryClient.new_client({"url": "mock://bench"}), SerializationContext(topic, MessageField.VALUE)
    write, read = AvroSerializer(client, json.dumps(schema)), AvroDeserializer(client)
    return lambda event: write(event, context), lambda value: read(value, context)


def run(rounds: int = ROUNDS, each_s: float = 0.3) -> list[Figure]:
    """Microseconds per event of an observation and of a record; the best of several interleaved rounds."""
    codec, schemas, out = Codec(Shelf()), shipped(), []
    for event in samples():
        name = type(event).__name__
        topic, builtin = TOPIC[name], msgspec.to_builtins(event)
        bare, theirs = plain(schemas[name]), confluent(schemas[name], topic)
        encoders = {
            "": (lambda e=event, t=topic: codec.encode(t, e)),
            "fastavro": (lambda b=builtin, f=bare[0]: f(b)),
            "confluent": (lambda b=builtin, f=theirs[0]: f(b)),
        }
        ours, its = codec.encode(topic, event), theirs[0](builtin)
        assert codec.decode(ours) == event
        decoders = {"": (lambda v=ours: codec.decode(v)), "fastavro": (lambda v=ours, f=bare[1]: f(v)), "confluent": (lambda v=its, f=theirs[1]: f(v))}
        for what, calls in (("encode", encoders), ("decode", decoders)):
            found = best(calls, rounds, each_s)
            out += [Figure(f"codec.{what}.{name.lower()}", found[""], "us", peer, found[peer]) for peer in ("fastavro", "confluent")]
    return out


def best(calls: Mapping[str, Callable[[], Any]], rounds: int, each_s: float) -> dict[str, float]:
    """The shortest mean CPU time of each, in microseconds; rounds take turns, so that the machine's mood falls on all alike."""
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            done, begun = 0, time.process_time()
            while (spent := time.process_time() - begun) < each_s / rounds:
                for _ in range(50):
                    call()
                done += 50
            found[name] = min(found[name], round(spent / done * 1e6, 2))
    return found
