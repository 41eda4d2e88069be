"""Stages as a Faust application: one agent per stage, `worker` runs it until SIGTERM."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import faust

from accord.errors import Fatal
from accord.kafka import admin
from accord.kafka.producer import TransactionalWriter
from streams.faust.death import die
from streams.faust.driver import SCHEME
from streams.faust.engine import Engine
from streams.faust.member import Assignment, Member
from streams.faust.tables import GlobalTables, load_state
from streams.stage import Stage

SESSION_S = 6.0  # a dead worker's partitions move after this
TICK_S = 1.0
log = logging.getLogger("accord.streams")


class BatchSchema(faust.Schema):  # type: ignore[misc]  # Faust has no types
    """The value is a Batch of raw messages: there is nothing for a codec to do."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        del app, message

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        del app
        return message.value


class Worker(faust.Worker):  # type: ignore[misc]  # Faust has no types
    """SIGUSR1 prints the tasks; SIGUSR2 would open a debugger in production."""

    def _on_sigusr2(self) -> None:
        log.warning("SIGUSR2 ignored")


def worker(
    stages: Sequence[Stage], *, app_id: str, bootstrap: str, deadletter: str = "", web_port: int | None = None,
    datadir: Path = Path(".accord") / "faust", settings: Mapping[str, str] | None = None, fetch: int = 1_000, loglevel: str = "INFO",
) -> None:  # fmt: skip
    """Run the stages in this process until SIGTERM or SIGINT, then leave cleanly (within 5 s).

    `app_id`: the consumer group, and the prefix of the transactional ids. `deadletter`: full name of the dead-letter topic; 50 of them in a
    row end the worker. `settings`: any librdkafka setting (TLS, SASL). `web_port`: Faust's web on loopback, None = none.
    Raises Fatal before anything is read where topics are missing or partition counts differ. Ends the process with 70 (a bug, fenced,
    refused) or 75 (a broker that was away, a roll-back: start it again later) where going on could lose something.
    """
    check_partitions(stages, admin.partition_counts(admin.client(bootstrap, settings), _topics(stages)))
    writer = TransactionalWriter(bootstrap, f"{app_id}-{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}", settings)
    writer.start()
    tables = GlobalTables(bootstrap, stages, die, settings)
    log.info("global tables loaded: %d records", tables.start())
    app = make_app(app_id, bootstrap, web_port, datadir)
    app.accord_engine = Engine(stages, writer, tables.drain, die, deadletter=deadletter)
    backfill = [topic for stage in stages for topic in stage.inputs_backfill]

    def member(on_assign: Callable[[Assignment], int], on_revoke: Callable[[], None]) -> Member:
        def assigned(assignment: Assignment) -> int:
            partitions = {p.partition for p in assignment.positions}
            count = load_state(bootstrap, stages, partitions, settings)
            log.info("partitions %s assigned, %d state records loaded", sorted(partitions), count)
            return on_assign(assignment)

        return Member(bootstrap, app_id, backfill, assigned, on_revoke, settings, fetch)

    app.accord_member = member
    for stage in stages:
        add_agent(app, app.accord_engine, stage)
    add_timer(app, app.accord_engine)
    for chatty in ("faust", "mode"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        Worker(app, loglevel=loglevel, quiet=True, override_logging=False, redirect_stdouts=False).execute_from_commandline()
    except SystemExit as ended:
        if ended.code:
            raise
    finally:
        tables.stop()
        writer.close()


def make_app(app_id: str, bootstrap: str, web_port: int | None, datadir: Path) -> Any:
    """Everything of Faust's that loses events or opens doors is off: topic creation, leader topic, tables, routes, other addresses."""
    return faust.App(
        app_id, broker=f"{SCHEME}://{bootstrap}", datadir=str(datadir), topic_allow_declare=False, topic_disable_leader=True,
        stream_wait_empty=False, stream_buffer_maxsize=2, broker_commit_interval=5.0, broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=1.0, web_enabled=web_port is not None, web_bind="127.0.0.1", web_port=web_port or 6066,
        web_tables_enabled=False, web_router_enabled=False, table_standby_replicas=0,
    )  # fmt: skip


def add_agent(app: Any, engine: Engine, stage: Stage) -> None:
    """Concurrency 1: with more, offsets are committed past a batch that is still in flight."""
    source = app.topic(*stage.inputs, *stage.inputs_backfill, schema=BatchSchema())

    @app.agent(source, concurrency=1, name=f"accord.{stage.name}")  # type: ignore[untyped-decorator]
    async def run(stream: Any) -> None:
        # noack(): the plain iterator acks in `finally`, even an event whose handling raised or was cancelled
        async for event in stream.noack().events():
            try:
                await engine.room()
                if engine.handle(stage.name, event.value):
                    await stream.ack(event)
            except Exception as error:  # noqa: BLE001 (an exception that leaves an agent is acked by Faust: the batch would be gone)
                die(f"the agent of stage {stage.name}", error)


def add_timer(app: Any, engine: Engine) -> None:
    @app.timer(interval=TICK_S, name="accord.tick")  # type: ignore[untyped-decorator]
    async def tick() -> None:
        engine.tick()


def check_partitions(stages: Sequence[Stage], counts: Mapping[str, int]) -> None:
    """Fatal where a topic is missing, or where a stage's inputs and state would not meet in one worker."""
    missing = sorted(topic for topic, count in counts.items() if count == 0)
    if missing:
        raise Fatal(f"topics are missing: {', '.join(missing)}; `accord run` creates them at its start", code="topic_missing")
    joined = {topic: counts[topic] for stage in stages for topic in (*stage.inputs, *stage.inputs_backfill, stage.state) if topic}
    if len(set(joined.values())) > 1:
        told = ", ".join(f"{topic} has {count}" for topic, count in sorted(joined.items()))
        raise Fatal(f"inputs and state must have the same number of partitions, or a record's events meet in no worker: {told}", code="partitions")


def _topics(stages: Iterable[Stage]) -> set[str]:
    return {t for stage in stages for t in (*stage.inputs, *stage.inputs_backfill, *stage.tables, stage.state) if t}
