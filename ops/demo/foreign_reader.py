"""A reader that knows nothing of Accord: Confluent's own consumer and Avro deserializer. Prints one golden record as JSON.

`python -m ops.demo.foreign_reader BOOTSTRAP REGISTRY TOPIC KEY`
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def last(bootstrap: str, registry: str, topic: str, key: str) -> Any:
    """The newest value of a key, None where there is none."""
    settings = {"subject.name.strategy": topic_record_subject_name_strategy}  # else each topic is first looked for among the registry's associations
    deserialize = AvroDeserializer(SchemaRegistryClient({"url": registry, "timeout": 10}), conf=settings)
    group = f"foreign-{uuid.uuid4().hex}"
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "isolation.level": "read_committed"})
    consumer.subscribe([topic])
    found, quiet = None, 0
    while quiet < 8:
        message = consumer.poll(0.5)
        quiet = quiet + 1 if message is None else 0
        if message is not None and message.error() is None and message.key() == key.encode() and message.value() is not None:
            found = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
    consumer.close()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(last(*sys.argv[1:5]), default=str))
