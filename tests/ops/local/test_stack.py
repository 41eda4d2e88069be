"""The local stack: starts once, survives its starter, keeps its state, gets out of the way of others."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from accord.errors import Fatal
from ops.local import jars, kafka, ports, process, registry, stack
from tests.waiting import until


def test_a_taken_port_is_given_way_to():
    """Another program on the usual port must not stop us from starting."""
    with socket.socket() as other:
        other.bind((ports.LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        assert not ports.free(taken)
        assert ports.choose(taken) != taken
    assert ports.choose(taken) == taken


def test_a_server_gets_no_port_that_an_outgoing_connection_can_take(tmp_path: Path):
    """A broker that died came back on another port, its own taken by a client's connection: every role waited at the old one for ever."""
    given = [ports.choose(0) for _ in range(20)]
    assert all(port in ports.STEADY for port in given)
    if (told := Path("/proc/sys/net/ipv4/ip_local_port_range")).exists():
        assert ports.STEADY.stop <= int(told.read_text().split()[0])


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The broker itself can't say it: it dies, and its log is on the same disk."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    with pytest.raises(Fatal, match=f"100 MB are free on the disk of {tmp_path}.*make room"):
        stack.up(tmp_path)
    assert list(tmp_path.glob("*.pid")) == []


def test_a_pid_given_to_another_program_is_left_alone(tmp_path: Path):
    """A stale pid file must never make us kill somebody else's process: the command line has to fit too."""
    pid_file = tmp_path / "x.pid"
    own = psutil.Process()
    pid_file.write_text(json.dumps({"pid": own.pid, "command": ["something", "else"]}))
    assert process.running(pid_file) is None
    process.stop(pid_file, wait_s=1)  # would end this very test run
    pid_file.write_text("garbage")
    assert process.running(pid_file) is None


def test_what_dies_while_starting_is_told_with_its_own_words(tmp_path: Path):
    """A broker that cannot start must say why at once, not after the whole time-out."""
    log, pid_file = tmp_path / "x.log", tmp_path / "x.pid"
    process.start([sys.executable, "-c", "print('disk is full'); raise SystemExit(1)"], env={}, log=log, pid_file=pid_file)
    with pytest.raises(Fatal, match="disk is full"):
        process.await_ready("Kafka", lambda: False, pid_file=pid_file, log=log, wait_s=30)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path):
    """`down` must come to an end even when a process hangs."""
    log, pid_file = tmp_path / "x.log", tmp_path / "x.pid"
    stubborn = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    started = process.start([sys.executable, "-c", stubborn], env={}, log=log, pid_file=pid_file)
    process.await_ready("it", lambda: "up" in process.tail(log), pid_file=pid_file, log=log, wait_s=30)
    process.stop(pid_file, wait_s=0.3)
    assert process.running(pid_file) is None
    assert not psutil.pid_exists(started.pid) or psutil.Process(started.pid).status() == psutil.STATUS_ZOMBIE


def test_an_interrupted_download_is_thrown_away(tmp_path: Path):
    """Half a jar on disk must not be taken for a whole one for ever."""
    torn = tmp_path / "maven" / "org" / "x" / "x-1.jar"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"PK\x03\x04 half")
    jars._discard_torn(tmp_path)
    assert not torn.exists()


def test_the_broker_listens_on_loopback_only(tmp_path: Path):
    """A laptop's broker must not be open to the network, and a typo must not make a topic."""
    given = kafka.settings(tmp_path, 1, 2)
    assert set(str(given["listeners"]).replace("PLAINTEXT://", "").replace("CONTROLLER://", "").split(",")) == {"127.0.0.1:1", "127.0.0.1:2"}
    assert given["auto.create.topics.enable"] == "false"
    assert "-Dquarkus.management.host=127.0.0.1" in registry.command(tmp_path, Path("java"), 1, 2)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory):
    """A stack of this module's own, next to whatever else runs."""
    home = tmp_path_factory.mktemp("stack")
    yield home
    stack.down(home)


SCHEMA = {"schema": '{"type":"record","name":"X","fields":[{"name":"a","type":"string"}]}'}


def test_state_survives_a_restart_and_a_second_up_changes_nothing(own_stack: Path):
    """Topics and schema ids written before `down` are there after `up`: renumbered ids would make every stored event unreadable."""
    first = stack.up(own_stack)
    before = stack.status(own_stack)
    assert stack.up(own_stack) == first
    assert stack.status(own_stack) == before
    admin = AdminClient({"bootstrap.servers": first.kafka})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(10)
    ids = [httpx.post(f"{first.registry}/subjects/{name}/versions", json=SCHEMA, trust_env=False).json()["id"] for name in ("a", "b")]
    stack.down(own_stack)
    assert stack.status(own_stack) == stack.Status(None, None, None)
    again = stack.up(own_stack)
    assert again == first
    assert "kept" in AdminClient({"bootstrap.servers": again.kafka}).list_topics(timeout=10).topics
    stored = [httpx.get(f"{again.registry}/subjects/{name}/versions/latest", trust_env=False).json()["id"] for name in ("a", "b")]
    assert stored == ids


def test_a_killed_broker_is_started_again_where_it_was(own_stack: Path):
    """`up` after a crash brings back the broker alone, on the same port, with its topics."""
    before = stack.up(own_stack)
    now = stack.status(own_stack)
    assert now.kafka
    os.kill(now.kafka, signal.SIGKILL)
    until(lambda: not stack.status(own_stack).kafka, "the broker's death", 10)
    assert stack.up(own_stack) == before
    after = stack.status(own_stack)
    assert after.kafka != now.kafka
    assert after.registry == now.registry
