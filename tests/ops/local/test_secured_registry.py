"""A real registry behind TLS and sign-in, reached by our own client with the settings of the configuration."""

from __future__ import annotations

import uuid

import pytest

from accord.cluster import Kafka
from accord.errors import Fatal, Transient
from accord.kafka.codec import Codec
from accord.kafka.registry import ConfluentRegistry
from ops.sandbox import ca
from schemas.events import ReadRequest
from schemas.topics import Topic
from tests.ops.local import secured
from tests.ops.local.secured import CLIENT

SECRET = uuid.uuid4().hex
TOPIC = Topic("read.salesforce", "source record", ("ReadRequest",), partitions=1)


@pytest.fixture
def tokens():
    with secured.issuer(SECRET) as found:
        yield found


@pytest.fixture
def schemas(tokens, tmp_path):
    with secured.schemas(tmp_path / "registry", tokens) as found:
        yield found


def test_the_registry_answers_over_tls_to_who_brings_a_token(schemas, tokens, monkeypatch):
    """No message can be read without its schema: the registry's sign-in must work for every role, and for nobody else."""
    url, authority = schemas
    monkeypatch.setenv("ACCORD_TEST_CLIENT_SECRET", SECRET)
    settings = {
        "ssl.ca.location": str(authority), "bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.client.id": CLIENT,
        "bearer.auth.client.secret": "${env:ACCORD_TEST_CLIENT_SECRET}", "bearer.auth.scope": "schemas", "bearer.auth.issuer.endpoint.url": f"{tokens.url}/token",
        "bearer.auth.logical.cluster": "none", "bearer.auth.identity.pool.id": "none",
    }  # fmt: skip
    given = Kafka(registry=url, registry_settings=settings)
    codec = Codec(ConfluentRegistry(given.registry, given.registry_client()))
    codec.register_all((TOPIC,))
    asked = ReadRequest("customer", "salesforce", "Account", "001", "person")
    assert Codec(ConfluentRegistry(given.registry, given.registry_client())).decode(codec.encode(TOPIC.name, asked)) == asked
    with pytest.raises(Fatal, match="refuses us"):
        ConfluentRegistry(url, {"ssl.ca.location": str(authority)}).schema(1)
    with pytest.raises(Transient, match="certificate"):
        ConfluentRegistry(url, given.registry_client() | {"ssl.ca.location": str(ca.ensure(authority.parent / "stranger").ca)}).schema(1)
