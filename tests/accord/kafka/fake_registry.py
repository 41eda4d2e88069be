"""A Schema Registry in a dictionary, for tests without one. Same contract as the real one: `test_registry.py` runs both."""

from __future__ import annotations

import json
from typing import Any

from fastavro.schema import parse_schema

from accord.errors import Rejected, Transient


class FakeRegistry:
    """`down`: every call raises Transient. Compatibility: a field that is new and has no default can't be read from older events."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.subjects: dict[str, list[str]] = {}
        self.down = False
        self.asked: list[int] = []

    def schema(self, schema_id: int) -> str:
        self._answer()
        self.asked.append(schema_id)
        for text, known in self.ids.items():
            if known == schema_id:
                return text
        raise Rejected(f"schema id {schema_id} is not in the registry", code="unknown_schema")

    def register(self, subject: str, schema: str) -> int:
        self._answer()
        parse_schema(json.loads(schema), named_schemas={})
        versions = self.subjects.setdefault(subject, [])
        if schema not in versions:
            versions.append(schema)
        return self.ids.setdefault(schema, len(self.ids) + 1)

    def incompatibilities(self, subject: str, schema: str) -> tuple[str, ...]:
        self._answer()
        versions = self.subjects.get(subject)
        if not versions:
            return ()
        before = {field["name"] for field in json.loads(versions[-1])["fields"]}
        fresh: list[dict[str, Any]] = [field for field in json.loads(schema)["fields"] if field["name"] not in before]
        return tuple(f"{subject}: new field {field['name']} has no default" for field in fresh if "default" not in field)

    def _answer(self) -> None:
        if self.down:
            raise Transient("the registry is down", wait_s=1)
