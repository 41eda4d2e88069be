"""How Kafka and the registry are reached: TLS beyond loopback, secrets by reference, the same settings at every client."""

from __future__ import annotations

import ast

import pytest
from pydantic import ValidationError

from accord.cluster import Kafka, is_loopback
from accord.errors import Fatal
from tests.house.tree import PACKAGES, modules, parsed

SASL = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "accord"}
FAR = {"bootstrap": "broker1:9093,broker2:9093", "registry": "https://schemas.example/apis/ccompat/v7"}


def test_a_cluster_beyond_this_machine_is_not_reached_in_plain_text():
    """One forgotten line of the configuration, and every customer's address goes over the network for all to read."""
    with pytest.raises(ValidationError, match="broker1, broker2 would be reached without TLS"):
        Kafka(**FAR)
    with pytest.raises(ValidationError, match="without TLS"):
        Kafka(**FAR, settings={"security.protocol": "SASL_PLAINTEXT"})
    with pytest.raises(ValidationError, match=r"schemas\.example would be reached without TLS"):
        Kafka(registry="http://schemas.example/apis/ccompat/v7")
    assert Kafka(**FAR, settings={"security.protocol": "ssl"}).client() == {"security.protocol": "ssl"}
    assert Kafka(bootstrap="broker1:9092", plaintext=True).bootstrap == "broker1:9092"
    assert Kafka().client() == {}


@pytest.mark.parametrize(
    ("section", "name"),
    [("settings", "sasl.password"), ("settings", "ssl.key.password"), ("settings", "sasl.oauthbearer.client.secret"), ("settings", "ssl.key.pem"),
     ("registry_settings", "basic.auth.user.info"), ("registry_settings", "bearer.auth.token"), ("registry_settings", "bearer.auth.client.secret")],
)  # fmt: skip
def test_a_secret_stands_nowhere_but_in_its_file(section, name, tmp_path, monkeypatch):
    """Configuration files are copied, mailed and committed."""
    with pytest.raises(ValidationError) as refused:
        Kafka(**{section: {name: "hunter2-in-the-file"}})
    assert "a secret may not stand here" in str(refused.value)
    (tmp_path / "secret").write_text("hunter2\n")
    monkeypatch.setenv("A_SECRET", "hunter3")
    for reference, wanted in ((f"${{file:{tmp_path}/secret}}", "hunter2"), ("${env:A_SECRET}", "hunter3")):
        given = Kafka(**{section: {name: reference}})
        assert (given.client() if section == "settings" else given.registry_client()) == {name: wanted}
        assert wanted not in repr(given)


def test_a_secret_that_is_not_there_is_named_before_anything_starts(tmp_path):
    """An empty password is refused by the broker with words that name nothing."""
    with pytest.raises(Fatal, match=r"sasl\.password: .*nothing cannot be read"):
        Kafka(settings={**SASL, "sasl.password": f"${{file:{tmp_path}/nothing}}"}).client()
    with pytest.raises(Fatal, match="no environment variable"):
        Kafka(settings={"sasl.password": "${env:ACCORD_NOT_SET_ANYWHERE}"}).client()


@pytest.mark.parametrize(("host", "here"), [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("localhost.example", False), ("10.0.0.1", False)])
def test_only_this_machine_is_loopback(host, here):
    """A name that begins like ours may be anybody's."""
    assert is_loopback(host) is here


def _calls(names):
    """(file and line, call) of everything that is made under one of these names in our packages."""
    for path in modules():
        if path.split("/")[0] in PACKAGES and not path.startswith(("ops/local/", "ops/demo/")):
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                    yield f"{path}:{node.lineno}", node


def test_every_kafka_client_takes_the_configured_settings():
    """One client without them, and the pipeline stands still on the first cluster with TLS (ops/local and ops/demo run on loopback)."""
    found = list(_calls({"Consumer", "Producer", "AdminClient"}))
    assert len(found) >= 6
    bare = [
        where for where, call in found
        if not (isinstance(call.args[0], ast.Call) and getattr(call.args[0].func, "id", "") == "settings")
        and not (isinstance(call.args[0], ast.Dict) and None in call.args[0].keys)
    ]  # fmt: skip
    assert bare == []


def test_every_registry_client_takes_the_configured_settings():
    """The registry has a sign-in of its own, and a role that forgets it can't read a single message."""
    found = list(_calls({"ConfluentRegistry"}))
    assert len(found) >= 2
    assert [where for where, call in found if len(call.args) != 2] == []


def test_no_wiring_passes_the_references_instead_of_the_secrets():
    """A broker that is given `${file:...}` as a password says only that it is wrong."""
    raw = [
        f"{path}:{node.lineno}" for path in modules() if path.split("/")[0] == "ops" for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr == "settings" and isinstance(node.value, (ast.Name, ast.Attribute))
        and getattr(node.value, "attr", getattr(node.value, "id", "")) == "kafka" and not path.startswith("ops/local/")
    ]  # fmt: skip
    assert raw == []
