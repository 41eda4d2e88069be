"""A real broker behind TLS and sign-in, reached by our own clients with the settings of the configuration."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaException

from accord.cluster import Kafka
from accord.kafka import admin
from accord.kafka.consumer import GroupConsumer, read_to_end
from accord.kafka.producer import TransactionalWriter
from ops.sandbox import ca
from schemas.topics import Topic
from tests.ops.local import secured
from tests.ops.local.secured import CLIENT, USER, Issuer, Secured

SECRET = uuid.uuid4().hex
TOPIC = Topic("read.salesforce", "source record", ("ReadRequest",), partitions=1)


@pytest.fixture(scope="module")
def tokens() -> Iterator[Issuer]:
    with secured.issuer(SECRET) as found:
        yield found


@pytest.fixture(scope="module")
def broker(tokens: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured.broker(tmp_path_factory.mktemp("secured") / "kafka", tokens, uuid.uuid4().hex) as found:
        yield found


def scram(broker: Secured, **more: str) -> dict[str, str]:
    """As docs/security.md says it."""
    return {
        "security.protocol": "SASL_SSL", "ssl.ca.location": str(broker.ca), "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": USER,
        "sasl.password": f"${{file:{broker.password}}}", **more,
    }  # fmt: skip


def oauth(broker: Secured, tokens: Issuer, **more: str) -> dict[str, str]:
    return {
        "security.protocol": "SASL_SSL", "ssl.ca.location": str(broker.ca), "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.client.id": CLIENT, "sasl.oauthbearer.client.secret": "${env:ACCORD_TEST_CLIENT_SECRET}",
        "sasl.oauthbearer.token.endpoint.url": f"{tokens.url}/token", **more,
    }  # fmt: skip


def through(given: Kafka, prefix: str) -> list[bytes | None]:
    """Everything that a role does at a broker: make topics, commit a transaction, join a group, commit an offset, read a topic to its end."""
    settings = given.client()
    admin.ensure(admin.client(given.bootstrap, settings), admin.wanted((TOPIC,), prefix), where=given.bootstrap)
    writer = TransactionalWriter(given.bootstrap, f"{prefix}writer", settings)
    writer.start()
    writer.begin()
    writer.send(f"{prefix}{TOPIC.name}", b"key", b"value")
    writer.commit()
    writer.close()
    consumer = GroupConsumer(given.bootstrap, f"{prefix}group", settings)
    consumer.subscribe([f"{prefix}{TOPIC.name}"], lambda _: None, lambda _: None)
    read = next(found for found in iter(lambda: consumer.poll(0.5), None) if found)
    consumer.close()
    assert [r.value for r in read] == [r.value for r in read_to_end(given.bootstrap, f"{prefix}{TOPIC.name}", extra=settings)]
    return [r.value for r in read]


def test_scram_over_tls_carries_all_that_a_role_does(broker):
    """A company's cluster takes nobody without TLS and a password: a client that can't is no use there."""
    assert through(Kafka(bootstrap=broker.bootstrap, settings=scram(broker)), "scram.") == [b"value"]


def test_oauthbearer_over_tls_carries_all_that_a_role_does(broker, tokens, monkeypatch):
    """Where passwords are not allowed at all, the client asks the company's own issuer for a token."""
    monkeypatch.setenv("ACCORD_TEST_CLIENT_SECRET", SECRET)
    before = len(tokens.asked)
    assert through(Kafka(bootstrap=broker.bootstrap, settings=oauth(broker, tokens)), "oauth.") == [b"value"]
    assert set(tokens.asked[before:]) == {"client_credentials"}


def test_who_does_not_sign_in_or_does_not_know_the_ca_gets_nowhere(broker, tmp_path):
    """Settings that are passed but not applied look just like settings that work, until somebody listens on the line."""
    wrong = tmp_path / "wrong"
    wrong.write_text("not the password")
    stranger = ca.ensure(tmp_path / "stranger").ca
    refused = {
        "plain": {"security.protocol": "PLAINTEXT"},
        "unsigned": {"security.protocol": "SSL", "ssl.ca.location": str(broker.ca)},
        "password": scram(broker, **{"sasl.password": f"${{file:{wrong}}}"}),
        "authority": scram(broker, **{"ssl.ca.location": str(stranger)}),
    }
    for settings in refused.values():
        given = Kafka(bootstrap=broker.bootstrap, settings=settings)
        client = admin.client(given.bootstrap, given.client())
        with pytest.raises(KafkaException):
            client.list_topics(timeout=3)
