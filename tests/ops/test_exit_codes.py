"""What a process that ends tells whoever starts it again: 78 a person must change something, 75 the same may work later, 70 a crash."""

from __future__ import annotations

import subprocess
import sys

import pytest
from confluent_kafka import KafkaError, KafkaException

from accord.errors import AccordError, Fatal, Rejected, Transient
from accord.kafka import producer
from accord.kafka.producer import TransactionalWriter
from accord.kafka.records import record_of
from ops.wiring.process import exit_code


class Away:
    """A librdkafka whose broker doesn't answer: each call fails with this."""

    def __init__(self, error: KafkaError) -> None:
        self._error = error

    def commit_transaction(self, _seconds: float) -> None:
        raise KafkaException(self._error)


def commit(error: KafkaError, monkeypatch: pytest.MonkeyPatch) -> Fatal:
    """What a commit ends with that meets this error for as long as it tries."""
    monkeypatch.setattr(producer, "CALL_S", 0.0)
    writer = TransactionalWriter("127.0.0.1:9", "away")
    writer._producer = Away(error)  # type: ignore[assignment]
    with pytest.raises(Fatal) as raised:
        writer.commit()
    return raised.value


@pytest.mark.parametrize(
    "error",
    [KafkaError(KafkaError._TIMED_OUT, "timed out", False, True, False), KafkaError(KafkaError._TRANSPORT), KafkaError(KafkaError._ALL_BROKERS_DOWN)],
    ids=lambda error: error.name(),
)
def test_a_transaction_call_that_times_out_while_the_broker_is_away_is_nothing_for_a_person(error, monkeypatch):
    """At night somebody would be called, by an alarm on 78, for a broker that was restarted and is back."""
    ended = commit(error, monkeypatch)
    assert ended.passing
    assert exit_code(ended) == 75


class Told:
    """A message that is an error, as librdkafka hands it to a reader."""

    def __init__(self, error: KafkaError) -> None:
        self.error = lambda: error


def test_a_reader_ends_for_a_broker_that_is_away_as_a_writer_does():
    """It ended as a crash does, with a page of traceback, where the offsets of its group could not be fetched in time."""
    with pytest.raises(Transient, match="can't be read") as raised:
        record_of(Told(KafkaError(KafkaError._TIMED_OUT, "Failed to fetch committed offsets")))
    assert exit_code(raised.value) == 75
    with pytest.raises(KafkaException):
        record_of(Told(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)))


def test_a_fenced_writer_and_a_refusal_stay_fatal(monkeypatch):
    """An instance that was told to try again later would go on fighting the one that took over."""
    for error in (KafkaError(KafkaError._FENCED), KafkaError(KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED), KafkaError(KafkaError._STATE)):
        assert exit_code(commit(error, monkeypatch)) == 78


@pytest.mark.parametrize(
    ("error", "code"),
    [(Fatal("x"), 78), (Fatal("x", passing=True), 75), (Transient("x"), 75), (Rejected("x", code="y"), 70), (AccordError("x"), 70), (ValueError("x"), 70)],
)
def test_each_error_has_its_exit_code(error, code):
    """Whoever watches the processes decides by this number alone whether to call somebody."""
    assert exit_code(error) == code


SCRIPT = """
import asyncio, sys
from accord.errors import Fatal
from ops.wiring import process
async def main(stop):
    async with asyncio.TaskGroup() as group:
        group.create_task(ended())
async def ended():
    raise Fatal("the broker was away", passing=sys.argv[1] == "passing")
process.run("sinks.netsuite", main)
"""
STREAMS = """
import sys
from accord.errors import Fatal
from streams.faust.death import die
die("the transaction of a batch fell", Fatal("the broker was away", passing=sys.argv[1] == "passing"))
"""


@pytest.mark.parametrize(("script", "lasting"), [(SCRIPT, 78), (STREAMS, 70)], ids=["role", "streams"])
def test_a_role_ends_with_that_code_and_says_why(script, lasting):
    """A code that is right in a function and lost on the way out of a group of tasks helps nobody."""
    for kind, code in (("passing", 75), ("lasting", lasting)):
        done = subprocess.run([sys.executable, "-c", script, kind], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        assert "the broker was away" in done.stderr
