"""One suite for the fake registry and the real one: what the codec relies on."""

from __future__ import annotations

import json
import socket
import uuid

import pytest

from accord.errors import Rejected, Transient
from accord.kafka.registry import ConfluentRegistry, Registry
from tests.accord.kafka.fake_registry import FakeRegistry


def schema(name: str, *fields: str, default: bool = False) -> str:
    parts = [{"name": f, "type": "string", **({"default": ""} if default and n else {})} for n, f in enumerate(fields)]
    return json.dumps({"type": "record", "name": name, "namespace": "accord", "fields": parts})


@pytest.fixture(params=["fake", "real"])
def either(request: pytest.FixtureRequest) -> Registry:
    return FakeRegistry() if request.param == "fake" else ConfluentRegistry(request.getfixturevalue("registry"))


@pytest.fixture
def subject() -> str:
    return f"t{uuid.uuid4().hex[:8]}-accord.X"


def test_the_same_schema_has_one_id(either: Registry, subject: str):
    """A second id for the same text would fill every reader's cache and break `same bytes for a repeat`."""
    name = f"X{uuid.uuid4().hex[:8]}"
    first = either.register(subject, schema(name, "a"))
    assert either.register(subject, schema(name, "a")) == first
    assert json.loads(either.schema(first))["name"] == name


def test_an_unknown_id_is_rejected(either: Registry):
    """An id that nobody has is bad data, not an outage."""
    with pytest.raises(Rejected) as raised:
        either.schema(2_000_000_000)
    assert raised.value.code == "unknown_schema"


def test_a_field_without_default_cannot_follow(either: Registry, subject: str):
    """BACKWARD: the new schema must read what the old one wrote, or replays fail."""
    assert either.incompatibilities(subject, schema("X", "a")) == ()
    either.register(subject, schema("X", "a"))
    assert either.incompatibilities(subject, schema("X", "a", "b", default=True)) == ()
    (fault,) = either.incompatibilities(subject, schema("X", "a", "b"))
    assert subject in fault


def test_a_registry_that_is_not_there_is_transient_and_named():
    """An outage stops the work and says which address didn't answer; it never condemns an event."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/apis/ccompat/v7"
        with pytest.raises(Transient, match=url) as raised:
            ConfluentRegistry(url).schema(1)
    assert raised.value.code == "registry_down"
