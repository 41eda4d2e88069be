"""One Apache Kafka node in KRaft mode, loopback only."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from accord.errors import Fatal
from ops.local.ports import LOOPBACK, answers

PORT = 29092
HEAP = "-Xmx512m"
CONFIG = "server.properties"
LOG_CONFIG = """\
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
logger.noisy.name = org.apache.kafka.clients
logger.noisy.level = warn
"""


def settings(home: Path, port: int, controller_port: int) -> dict[str, object]:
    """server.properties of a single node; each setting that differs from Kafka's default has its reason."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": home / "data",
        "auto.create.topics.enable": "false",  # a typo must not become a topic with default retention
        "offsets.topic.replication.factor": 1,  # one node
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 8,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,  # one worker on one machine waits for nobody
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 3_000,  # a killed broker's successor is refused until its session has ended: 9 s by default
        "log.cleaner.dedupe.buffer.size": 33_554_432,  # 128 MiB is a quarter of our heap
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1_000,  # a dead worker's open transaction holds readers this much longer
    }


def prepare(home: Path, java: Path, class_path: str, port: int, controller_port: int) -> None:
    """Write the configuration and, the first time, format the storage (about a second)."""
    home.mkdir(parents=True, exist_ok=True)
    write(home / CONFIG, settings(home, port, controller_port))
    (home / "log4j2.properties").write_text(LOG_CONFIG)
    if (home / "data" / "meta.properties").exists():
        return
    command = [*_java(home, java, class_path), "kafka.tools.StorageTool", "format", "-t", cluster_id(uuid.uuid4()), "-c", str(home / CONFIG)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fatal(f"Kafka's storage in {home} could not be formatted:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", code="local_start")


def cluster_id(random: uuid.UUID) -> str:
    """16 bytes in base64. Never with a dash in front, as one of 64 would have: Kafka's tool takes that for an option."""
    text = base64.urlsafe_b64encode(random.bytes).decode().rstrip("=")
    return text.replace("-", "A", 1) if text.startswith("-") else text


def command(home: Path, java: Path, class_path: str) -> list[str]:
    """The broker's command line."""
    return run(home, java, class_path, home / CONFIG)


def run(home: Path, java: Path, class_path: str, config: Path) -> list[str]:
    """The command line of a node with this configuration."""
    return [*_java(home, java, class_path), "kafka.Kafka", str(config)]


def write(config: Path, values: Mapping[str, object]) -> Path:
    """A configuration file."""
    config.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return config


def ready(port: int) -> bool:
    """Whether the broker answers metadata requests."""
    if not answers(port):
        return False
    try:
        return bool(AdminClient({"bootstrap.servers": f"{LOOPBACK}:{port}", "log_level": 0}).list_topics(timeout=1).brokers)
    except KafkaException:
        return False


def _java(home: Path, java: Path, class_path: str) -> list[str]:
    return [str(java), HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}", "-cp", class_path]
