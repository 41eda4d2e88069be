"""Topics as the contract states them: created where they are missing, checked where they exist."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType  # type: ignore[attr-defined]

from accord.errors import Fatal, Transient
from accord.kafka.records import Partition
from schemas.topics import PARTITIONS, Topic, Topics

TIMEOUT_S = 20
#: A fresh or moving partition has no leader for a moment.
UNLED = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError._NOENT, KafkaError.UNKNOWN_TOPIC_OR_PART})  # noqa: SLF001 (public names of librdkafka)
#: A coordinator that has just been elected reads its offsets first.
UNCOORDINATED = frozenset({KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.NOT_COORDINATOR})
#: What must fit, because another value loses or reorders data; other settings are the cluster owner's.
CHECKED = ("cleanup.policy", "retention.ms")

ADVICE = "change them, or choose another prefix"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it must stand in the cluster, by its full name."""

    name: str
    partitions: int
    config: Mapping[str, str]


def client(bootstrap: str, settings: Mapping[str, str] | None = None) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, **(settings or {})})


def wanted(topics: Sequence[Topic], prefix: str, partitions: int = PARTITIONS) -> tuple[Wanted, ...]:
    """Full names, with twins, of what a pipeline needs."""
    names = Topics(prefix)
    lanes = ((topic, lane) for topic in topics for lane in (("live", "backfill") if topic.twin else ("live",)))
    return tuple(Wanted(names.name(topic.name, lane), topic.partitions or partitions, topic.config()) for topic, lane in lanes)


def ensure(admin: AdminClient, topics: Iterable[Wanted], *, replication: int = 1, where: str = "") -> tuple[str, ...]:
    """Create what is missing and answer its names. Fatal, naming each, where an existing topic has other settings. `where`: the cluster, for messages."""
    missing, faults = compared(admin, topics, where=where)
    if faults:
        raise Fatal(f"topics with wrong settings ({ADVICE}):\n  " + "\n  ".join(faults), code="topic_settings")
    return tuple(_created(admin, missing, replication))


def compared(admin: AdminClient, topics: Iterable[Wanted], *, where: str = "") -> tuple[Sequence[Wanted], Sequence[str]]:
    """Topics that are missing, and what is wrong with those that exist. Changes nothing. Transient where the cluster doesn't answer."""
    by_name = {topic.name: topic for topic in topics}
    try:
        existing = {name: len(found.partitions) for name, found in admin.list_topics(timeout=TIMEOUT_S).topics.items() if name in by_name}
    except KafkaException as error:
        raise Transient(f"the Kafka cluster {where or '(kafka.bootstrap)'} doesn't answer: {error}", code="kafka_down") from error
    faults = [f"{name}: has {count} partitions, expected {by_name[name].partitions}" for name, count in existing.items() if count != by_name[name].partitions]
    faults += _config_faults(admin, [by_name[name] for name in existing])
    return [topic for name, topic in by_name.items() if name not in existing], sorted(faults)


def _config_faults(admin: AdminClient, topics: Sequence[Wanted]) -> list[str]:
    if not topics:
        return []
    by_name = {topic.name: topic for topic in topics}
    described = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in by_name], request_timeout=TIMEOUT_S)
    faults = []
    for resource, answer in described.items():
        found = answer.result(TIMEOUT_S)
        expected = by_name[resource.name].config
        wrong = [name for name in CHECKED if name in expected and found[name].value != expected[name]]
        faults += [f"{resource.name}: {name} is {found[name].value}, expected {expected[name]}" for name in wrong]
    return faults


def _created(admin: AdminClient, topics: Sequence[Wanted], replication: int) -> list[str]:
    if not topics:
        return []
    new = [NewTopic(topic.name, topic.partitions, replication, config=dict(topic.config)) for topic in topics]
    created = []
    for name, answer in admin.create_topics(new, operation_timeout=TIMEOUT_S).items():
        try:
            answer.result(TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was faster
                raise Fatal(f"topic {name} could not be created: {error}", code="topic_create") from error
        created.append(name)
    _await_leaders(admin, created)
    return created


def _await_leaders(admin: AdminClient, names: Sequence[str]) -> None:
    """A topic is answered for as created before its partitions have leaders; whoever asks for its end until then gets an error."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        found = admin.list_topics(timeout=TIMEOUT_S).topics
        waiting = [n for n in names if n not in found or not found[n].partitions or any(p.leader < 0 for p in found[n].partitions.values())]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise Transient(f"topics have no leader yet: {', '.join(waiting)}", code="kafka_down")
        time.sleep(0.02)


def partition_counts(admin: AdminClient, topics: Iterable[str]) -> dict[str, int]:
    """Topic -> partitions; 0 where it doesn't exist."""
    found = admin.list_topics(timeout=TIMEOUT_S).topics
    return {name: len(found[name].partitions) if name in found else 0 for name in topics}


def log_ends(admin: AdminClient, partitions: Collection[Partition]) -> dict[Partition, int]:
    """The next offset that the log will give out, open transactions included (a read-committed consumer sees less)."""
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(p.topic, p.partition): latest for p in partitions}
    if not asked:
        return {}

    def ask() -> dict[Partition, int]:
        answers = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=TIMEOUT_S)
        return {Partition(tp.topic, tp.partition): answer.result(TIMEOUT_S).offset for tp, answer in answers.items()}

    return _patiently(ask, UNLED, f"the ends of {sorted({p.topic for p in partitions})}")


def offsets_at(admin: AdminClient, partitions: Collection[Partition], time_ms: int) -> dict[Partition, int]:
    """The first offset at or after that time (epoch ms), by the broker's index; the end of the log where all is older."""
    spec = OffsetSpec.for_timestamp(time_ms)
    asked = {TopicPartition(p.topic, p.partition): spec for p in partitions}
    answers = admin.list_offsets(asked, request_timeout=TIMEOUT_S) if asked else {}
    found = {Partition(tp.topic, tp.partition): answer.result(TIMEOUT_S).offset for tp, answer in answers.items()}
    older = log_ends(admin, [p for p, offset in found.items() if offset < 0])
    return found | older


def behind(admin: AdminClient, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
    """Offsets between what the group has committed and the end of each partition; the markers that end transactions count."""
    committed = _committed(admin, group, [TopicPartition(p.topic, p.partition) for p in partitions])
    return {p: end - committed.get(p, 0) for p, end in log_ends(admin, partitions).items()}


def read_by(admin: AdminClient, group: str) -> list[Partition]:
    """All partitions that a group has committed an offset for, of topics that are there: a topic may be deleted before its readers are forgotten."""
    read = list(_committed(admin, group, None))
    there = partition_counts(admin, {p.topic for p in read})
    return [p for p in read if there[p.topic]]


def _committed(admin: AdminClient, group: str, partitions: list[TopicPartition] | None) -> dict[Partition, int]:
    def ask() -> dict[Partition, int]:
        asked = ConsumerGroupTopicPartitions(group, partitions)
        answer = admin.list_consumer_group_offsets([asked], request_timeout=TIMEOUT_S)[group].result(TIMEOUT_S)
        return {Partition(tp.topic, tp.partition): max(tp.offset, 0) for tp in answer.topic_partitions}

    return _patiently(ask, UNCOORDINATED, f"the offsets of {group}")


def _patiently(ask: Callable[[], dict[Partition, int]], moving: Collection[int], what: str) -> dict[Partition, int]:
    """Ask again while partitions or coordinators are on the move. Raises Transient."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in moving or time.monotonic() > deadline:
                raise Transient(f"{what} can't be read: {error}", code="kafka_down") from error
            time.sleep(0.05)


def groups(admin: AdminClient, prefix: str) -> list[str]:
    """Names of the consumer groups that begin with a prefix."""
    found = admin.list_consumer_groups(request_timeout=TIMEOUT_S).result(TIMEOUT_S)
    return sorted(g.group_id for g in found.valid if g.group_id.startswith(prefix))


def delete(admin: AdminClient, prefix: str) -> None:
    """All topics whose names begin with this prefix, and what is in them."""
    drop(admin, [name for name in admin.list_topics(timeout=TIMEOUT_S).topics if name.startswith(prefix)])


def drop(admin: AdminClient, names: Sequence[str]) -> None:
    """These topics, and what is in them."""
    for done in (admin.delete_topics(list(names), operation_timeout=TIMEOUT_S) if names else {}).values():
        done.result(TIMEOUT_S)


def forget(admin: AdminClient, groups: Sequence[str]) -> None:
    """What these groups have committed; none of them may have a member."""
    for done in (admin.delete_consumer_groups(list(groups), request_timeout=TIMEOUT_S) if groups else {}).values():
        done.result(TIMEOUT_S)


def shares(admin: AdminClient, group: str) -> list[int]:
    """How many partitions each member of a group has."""
    found = admin.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result(TIMEOUT_S)
    return [len(member.assignment.topic_partitions) if member.assignment else 0 for member in found.members]
