"""Records and input offsets in one Kafka transaction, by a writer whose name fences an older instance of itself."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from accord.errors import Fatal, Rejected, Transient
from accord.kafka.records import Headers, Offset, passing, to_native

TRANSACTION_TIMEOUT_MS = 10_000  # a dead writer's open transaction holds readers no longer than this
#: A call that takes longer than its transaction may live is lost anyway.
CALL_S = TRANSACTION_TIMEOUT_MS / 1000
#: A broker that has just started loads its transaction log before it gives out a producer id.
START_S = 30.0
#: librdkafka was seen not to return at all from `send_offsets_to_transaction` after the broker had died and come back, whatever the time-out
#: given. Its thread can't be ended, so the process is: crash-only, what was open is rolled back by the broker.
HUNG_S = 5.0
WATCH_S = 1.0
EXIT_HUNG = 70
BY_KEY = -1  # librdkafka: let the partitioner choose
FENCED = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH})  # noqa: SLF001 (public names of librdkafka)
#: What the broker refuses of a record however often it is sent.
LASTING = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD, KafkaError.TOPIC_AUTHORIZATION_FAILED})
T = TypeVar("T")


def settings(bootstrap: str, transactional_id: str, extra: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Settings of a transactional producer.

    After EndTxn the coordinator answers CONCURRENT_TRANSACTIONS for a moment; with the default back-off of 100 ms a transaction
    takes 150 ms, with 1 ms it takes 4 (measured, docs/decisions). A commit doesn't wait for `linger.ms`; 5 instead of 0 only makes fewer,
    fuller requests (p50 3.8 ms with either; the bare loop of workload W gained a third of its CPU, ours nothing above the noise).
    """
    return {
        "bootstrap.servers": bootstrap, "transactional.id": transactional_id, "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
        "acks": "all", "enable.idempotence": True, "linger.ms": 5, "compression.type": "lz4", "partitioner": "murmur2_random",
        "retry.backoff.ms": 1, "retry.backoff.max.ms": 1, "reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 1_000,
        "queue.buffering.max.messages": 500_000, "queue.buffering.max.kbytes": 300_000, "delivery.report.only.error": True,
        "log_level": 3,  # what librdkafka tries again by itself is no news; errors are
        **(extra or {}),
    }  # fmt: skip


class TransactionalWriter:
    """`begin`, `offsets`, `send`..., `commit`. Blocking calls, one thread at a time.

    Transient: the transaction was rolled back, nothing of it will be seen, it may be done again from `begin`.
    Fatal: fenced by a newer instance, or the broker refuses for good, be it one record: the process must end. So it must where the broker
    didn't answer in time, for nobody knows then what has become of the transaction; but a new process rolls it back or finds it done
    (`passing`).
    """

    def __init__(self, bootstrap: str, transactional_id: str, extra: Mapping[str, str] | None = None) -> None:
        self.transactional_id = transactional_id
        self._producer = Producer(settings(bootstrap, transactional_id, extra))
        self._refused: list[str] = []
        self._open = False
        self._hung_at: float | None = None
        self._ended = threading.Event()

    def start(self) -> None:
        """Fence an older instance and roll back what it left open. Read positions only after this."""
        threading.Thread(target=self._watch, name="hung", daemon=True).start()
        self._call(lambda: self._producer.init_transactions(START_S), START_S)

    def begin(self) -> None:
        self._refused.clear()
        self._call(self._producer.begin_transaction)
        self._open = True

    def offsets(self, offsets: Sequence[Offset], group: Any) -> None:
        """Input offsets of the transaction; `group`: `GroupConsumer.group()`. Before the first `send`, which saves 20 ms."""
        self._call(lambda: self._producer.send_offsets_to_transaction(to_native(offsets), group, CALL_S))

    def send(self, topic: str, key: bytes | None, value: bytes | None, *, partition: int | None = None, headers: Headers = ()) -> None:
        """Queue a record; what the broker thinks of it is told by `commit`. `partition` None = by the key.

        Rejected where librdkafka refuses it itself (too large): the caller decides whether to `abort`.
        """
        where = BY_KEY if partition is None else partition
        while True:
            try:
                return self._producer.produce(topic, value, key, where, None, self._delivered, 0, list(headers))
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as refused:
                raise Rejected(f"{topic}: {refused.args[0].str()} (key {key!r})", code=refused.args[0].name()) from refused

    def commit(self) -> None:
        """All of it becomes visible at once, or none."""
        self._call(lambda: self._producer.commit_transaction(CALL_S))
        self._open = False

    def abort(self) -> None:
        """Roll back; nothing to do where nothing is open."""
        if self._open:
            self._open = False
            self._call(lambda: self._producer.abort_transaction(CALL_S))

    def close(self) -> None:
        """Roll back what is open, so that readers need not wait for the time-out."""
        try:
            self.abort()
        finally:
            self._ended.set()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._refused.append(f"{message.topic()}: {error.str()}")

    def _call(self, call: Callable[[], T], within_s: float = CALL_S) -> T:
        deadline = time.monotonic() + within_s
        while True:
            self._hung_at = time.monotonic() + within_s + HUNG_S
            try:
                return call()
            except KafkaException as raised:
                error: KafkaError = raised.args[0]
                if error.code() in FENCED or error.fatal():
                    raise Fatal(f"{self.transactional_id}: fenced by a newer instance or refused for good ({error.str()})", code="fenced") from raised
                if error.txn_requires_abort():
                    self._producer.poll(0)  # what the broker refused, before the abort throws it away
                    self.abort()
                    told = f"{self.transactional_id}: rolled back ({'; '.join([error.str(), *self._refused[:3]])})"
                    raise (Fatal(told, code="refused") if error.code() in LASTING else Transient(told, code="aborted")) from raised
                if not error.retriable() or time.monotonic() > deadline:
                    raise Fatal(f"{self.transactional_id}: {error.str()}", code="kafka", passing=passing(error)) from raised
            finally:
                self._hung_at = None

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_S):
            hung_at = self._hung_at
            if hung_at is not None and time.monotonic() > hung_at:
                sys.stderr.write(f"{self.transactional_id}: a call to the broker has not returned {HUNG_S:.0f} s after its time-out; the process ends\n")
                sys.stderr.flush()
                os._exit(EXIT_HUNG)
