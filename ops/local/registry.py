"""One Apicurio Registry with its Confluent-compatible API on H2: schema ids survive a restart."""

from __future__ import annotations

from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from ops.local.ports import LOOPBACK, answers

PORT = 28081
BASE = "/apis/ccompat/v7"


def url(port: int) -> str:
    """The Confluent-compatible base: what a schema registry client is given."""
    return f"http://{LOOPBACK}:{port}{BASE}"


def environment(home: Path) -> dict[str, str]:
    """H2 in a file: Kafka-backed storage takes 26 s to start, in-memory storage numbers schemas anew after a restart."""
    return {
        "APICURIO_STORAGE_KIND": "sql",
        "APICURIO_STORAGE_SQL_KIND": "h2",
        "APICURIO_DATASOURCE_URL": f"jdbc:h2:file:{home / 'registry'}",
        "APICURIO_DATASOURCE_USERNAME": "sa",
        "APICURIO_DATASOURCE_PASSWORD": "sa",
        "APICURIO_RULES_GLOBAL_COMPATIBILITY": "BACKWARD",
    }


def command(registry_home: Path, java: Path, port: int, management_port: int) -> list[str]:
    """The registry's command line; its management interface listens on every address unless told otherwise."""
    return [
        str(java),
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dquarkus.http.host={LOOPBACK}",
        f"-Dquarkus.http.port={port}",
        f"-Dquarkus.management.host={LOOPBACK}",
        f"-Dquarkus.management.port={management_port}",
        "-jar",
        str(registry_home / "quarkus-run.jar"),
    ]


def ready(port: int) -> bool:
    """Whether the compatible API answers."""
    if not answers(port):
        return False
    with closing(HTTPConnection(LOOPBACK, port, timeout=2)) as connection:
        try:
            connection.request("GET", f"{BASE}/subjects")
            with connection.getresponse() as answer:
                return answer.status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
