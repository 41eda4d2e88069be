"""The Schema Registry as the codec needs it: schema by id, registration, compatibility. One Protocol, one real one."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import httpx2  # what confluent-kafka's own client stands on
from confluent_kafka.schema_registry import RegisteredSchema, Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from accord.errors import Fatal, Rejected, Transient

TIMEOUT_S = 5
WAIT_S = 2.0  # before asking a registry again that did not answer
REFUSED = frozenset({401, 403})
NOT_FOUND = frozenset({404, 40401, 40402, 40403})
T = TypeVar("T")


class Registry(Protocol):
    """Raises Transient while the registry doesn't answer."""

    def schema(self, schema_id: int) -> str:
        """The writer's schema as JSON text. Rejected(code="unknown_schema") where the registry has none of that id."""
        ...

    def register(self, subject: str, schema: str) -> int:
        """The schema's id; the same text twice gets the same id."""
        ...

    def incompatibilities(self, subject: str, schema: str) -> tuple[str, ...]:
        """Why `schema` may not follow the subject's latest version (BACKWARD); empty = it may, or there is none yet."""
        ...


class ConfluentRegistry:
    """Any registry that speaks Confluent's API (Apicurio under `/apis/ccompat/v7`). `settings`: TLS and sign-in of the client."""

    def __init__(self, url: str, settings: Mapping[str, Any] | None = None) -> None:
        self._url = url
        self._unchanged: dict[tuple[str, str], int] = {}
        self._subjects: set[str] = set()
        self._backward: bool | None = None
        self._client = SchemaRegistryClient({"url": url, "timeout": TIMEOUT_S, "max.retries": 0, **(settings or {})})
        weakref.finalize(self, self._client.__exit__, None, None, None)  # its connection pool is closed with us

    def schema(self, schema_id: int) -> str:
        try:
            text = self._ask(lambda: self._client.get_schema(schema_id)).schema_str
        except Rejected as refused:
            raise Rejected(f"schema id {schema_id} is not in the registry at {self._url}", code="unknown_schema") from refused
        return text or ""

    def register(self, subject: str, schema: str) -> int:
        known = self._unchanged.get((subject, schema))
        if known is not None:
            return known
        try:
            found = self._ask(lambda: self._client.register_schema(subject, Schema(schema, "AVRO")))
        except Rejected as refused:
            raise Fatal(f"the registry at {self._url} refused the schema of {subject}: {refused}", code="schema_refused") from refused
        self._subjects.add(subject)
        return found

    def incompatibilities(self, subject: str, schema: str) -> tuple[str, ...]:
        """One call where nothing has changed, as at nearly every start, and none for a new subject of a registry that holds to BACKWARD by itself."""
        try:
            backward = self._holds_backward()
            latest = self._latest(subject) if subject in self._subjects else None
            if latest is not None and latest.schema_id is not None and _same(latest.schema.schema_str, schema):
                self._unchanged[subject, schema] = latest.schema_id
                return ()
            if not backward:
                self._ask(lambda: self._client.set_compatibility(subject, "BACKWARD"))
            if latest is None or self._ask(lambda: self._client.test_compatibility(subject, Schema(schema, "AVRO"))):
                return ()
        except Rejected:  # one without compatibility rules
            return ()
        return (f"{subject}: not readable with what version {latest.version} (id {latest.schema_id}) wrote",)

    def _holds_backward(self) -> bool:
        """Whether BACKWARD holds for all subjects. Asked once, with the list of them: a process has more than a hundred."""
        if self._backward is None:
            self._backward = self._ask(self._client.get_compatibility) == "BACKWARD"
            self._subjects.update(self._ask(self._client.get_subjects))
        return self._backward

    def _latest(self, subject: str) -> RegisteredSchema | None:
        self._client.clear_latest_caches()  # type: ignore[no-untyped-call]
        try:
            return self._ask(lambda: self._client.get_latest_version(subject))
        except Rejected as refused:
            if refused.code == "not_found":
                return None
            raise

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except SchemaRegistryError as error:
            if error.http_status_code in REFUSED:  # no schema is unknown for that: every message would become a dead letter
                raise Fatal(f"the schema registry at {self._url} refuses us ({error}); correct kafka.registry_settings", code="registry_refused") from error
            if error.http_status_code < 500 and error.http_status_code != 429:
                known = error.http_status_code in NOT_FOUND or error.error_code in NOT_FOUND
                raise Rejected(str(error), code="not_found" if known else "refused") from error
            raise self._down(error) from error
        except httpx2.HTTPError as error:
            raise self._down(error) from error

    def _down(self, error: Exception) -> Transient:
        return Transient(f"the schema registry at {self._url} doesn't answer ({error}); is it running?", wait_s=WAIT_S, code="registry_down")


def _same(one: str | None, other: str) -> bool:
    """The same schema, however it is spaced."""
    return one is not None and json.loads(one) == json.loads(other)
