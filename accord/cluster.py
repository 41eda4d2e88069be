"""How to reach Kafka and its registry: any setting of their clients, secrets by reference, and no plain text beyond this machine.

A value may be `${file:PATH}` or `${env:NAME}`, as Kafka's own configuration providers write it (KIP-297, KIP-421); it is read when a client
is made and stands nowhere else. Names of settings: librdkafka's CONFIGURATION.md, confluent-kafka's SchemaRegistryClient.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from accord.errors import Fatal

REFERENCE = re.compile(r"\$\{(file|env):([^}]+)\}")
#: Settings of the clients that hold a secret: only a reference may stand there.
SECRET = re.compile(r"password|secret|auth\.user\.info|auth\.token|jaas|\.key\.pem|private\.key(?!\.file)")
PLAIN = frozenset({"plaintext", "sasl_plaintext"})


class Kafka(BaseModel):
    """The cluster and its Schema Registry. `settings`: any librdkafka setting (TLS, SASL); `registry_settings`: any of the registry's client.

    `plaintext`: nobody but us can listen on this network, so TLS may be missing beyond loopback.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap: str = "127.0.0.1:29092"
    registry: str = "http://127.0.0.1:28081/apis/ccompat/v7"
    prefix: str = "accord."
    replication: int = 1
    settings: dict[str, str] = Field(default_factory=dict)
    registry_settings: dict[str, str] = Field(default_factory=dict)
    plaintext: bool = False

    @model_validator(mode="after")
    def _safe(self) -> Self:
        faults = [
            f"{section}.{name}: a secret may not stand here; write ${{file:/run/secrets/...}} or ${{env:NAME}}"
            for section, given in (("settings", self.settings), ("registry_settings", self.registry_settings))
            for name, value in given.items()
            if SECRET.search(name) and not REFERENCE.fullmatch(value)
        ]
        faults += [] if self.plaintext else self._plain()
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _plain(self) -> list[str]:
        protocol = self.settings.get("security.protocol", "plaintext").lower()
        hosts = [address.rpartition("://")[2].rpartition(":")[0] for address in self.bootstrap.split(",")]
        far = sorted({host for host in hosts if not is_loopback(host)})
        faults = [f'settings: {", ".join(far)} would be reached without TLS; "security.protocol" = "SSL" or "SASL_SSL"'] if far and protocol in PLAIN else []
        if is_open(self.registry):
            faults.append(f"registry: {urlsplit(self.registry).hostname} would be reached without TLS; use https")
        return faults

    def client(self) -> dict[str, str]:
        """Settings of every Kafka client. Raises Fatal where a secret can't be read."""
        return resolved(self.settings)

    def registry_client(self) -> dict[str, str]:
        """Settings of the registry's client. Raises Fatal where a secret can't be read."""
        return resolved(self.registry_settings)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_open(url: str) -> bool:
    """Would others on the way be able to read what goes there?"""
    given = urlsplit(url)
    return given.scheme != "https" and not is_loopback(given.hostname or "")


def resolved(settings: Mapping[str, str]) -> dict[str, str]:
    """With what the references stand for."""
    return {name: _resolved(name, value) for name, value in settings.items()}


def _resolved(name: str, value: str) -> str:
    found = REFERENCE.fullmatch(value)
    if found is None:
        return value
    kind, where = found.groups()
    if kind == "env":
        if where not in os.environ:
            raise Fatal(f"{name}: there is no environment variable {where}")
        return os.environ[where]
    try:
        return Path(where).read_text().strip()
    except OSError as error:
        raise Fatal(f"{name}: {where} cannot be read ({error.strerror})") from error
