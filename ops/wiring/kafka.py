"""Topics and schemas of a pipeline, made sure of at the start of every process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from accord.config import Settings
from accord.kafka import admin
from accord.kafka.codec import Codec, shipped
from accord.kafka.registry import ConfluentRegistry
from ops.wiring.mapping import entities, objects
from schemas.events import Audit
from schemas.topics import Topic, Topics, pipeline_topics
from streams.mapping import Entity
from streams.mapping.personal import masked

EVERYTHING = ("*",)
#: What each role sends, without prefix and lane: of these it makes sure before it begins. docs/security.md tells the same as ACLs.
SENDS: Mapping[str, Sequence[str]] = {
    "producers": ("change.*", "read.*", "position", "audit", "deadletter", "budget.*"),
    "streams": ("learned", "observation", "claim", "claims", "assigned", "record", "outcome", "link", "write.*", "read.*", "entity.*", "audit", "deadletter"),
    "sink": ("outcome", "audit", "deadletter", "settled.*", "parked.*", "budget.*"),
    "audit": ("audit",),
    "reporting": (),
    "notices": ("notice", "notified"),
    "terms": ("terms.*",),
    "api": (),
}


def topics_of(settings: Settings, found: Mapping[str, Entity]) -> tuple[Topic, ...]:
    return pipeline_topics(objects(found), tuple(found), tuple(settings.stores))


def golden_schemas(found: Mapping[str, Entity]) -> dict[str, dict[str, Any]]:
    """By record name, as the mapping in effect has them: with the fields, and the entities, that a user's overlay adds."""
    return {entity.schema["name"]: dict(entity.schema) for entity in found.values()}


def codec_of(settings: Settings, found: Mapping[str, Entity]) -> Codec:
    """For every event of this pipeline, golden records as its mapping has them included; audit steps go through `audited`."""
    kafka = settings.kafka
    return Codec(ConfluentRegistry(kafka.registry, kafka.registry_client()), {**shipped(), **golden_schemas(found)}, guards={"Audit": audited(found)})


def audited(found: Mapping[str, Entity]) -> Callable[[Audit], Audit]:
    """Every step goes through this on its way to the audit trail: personal data stays out of the topic and of the database."""
    known = {name: entity.personal for name, entity in found.items()}
    return lambda step: masked(step, known)


def prepare(settings: Settings) -> None:
    """`ready` once for all roles of a machine: otherwise each of them asks for every topic and every schema, at the same moment."""
    ready(settings, entities(settings))


def ready(settings: Settings, found: Mapping[str, Entity], sends: Sequence[str] = EVERYTHING) -> tuple[Topics, Codec]:
    """Topics exist with the right settings; schemas of those that `sends` names are registered and compatible. Raises Fatal naming each that is not."""
    topics = topics_of(settings, found)
    kafka = settings.kafka
    admin.ensure(admin.client(kafka.bootstrap, kafka.client()), admin.wanted(topics, kafka.prefix), replication=kafka.replication, where=kafka.bootstrap)
    codec = codec_of(settings, found)
    codec.register_all([t for t in topics if any(fnmatchcase(t.name, each) for each in sends)])
    return Topics(kafka.prefix), codec
