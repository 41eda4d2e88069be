"""Troubles of records to a webhook, a mailbox and a topic: a real broker, a real HTTP and a real SMTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from pydantic import SecretStr

from accord.clock import SystemClock
from accord.config import Mail, Notices, Route, Rule
from accord.errors import Rejected
from accord.kafka import admin
from accord.kafka.codec import Codec
from accord.kafka.producer import TransactionalWriter
from accord.kafka.registry import ConfluentRegistry
from ops.cli.errors import errors_table
from ops.notices.run import INPUTS, Desk
from ops.notices.trouble import Trouble
from ops.pipeline import Pipeline
from ops.terms.publish import Cluster
from schemas.events import Problem, Record
from schemas.topics import Topics, pipeline_topics
from tests.waiting import InThread, until

ORDER, OTHER = "order:salesforce:801A", "order:salesforce:801B"
NEEDED = {*INPUTS, "notice", "notified", "audit"}


class Hook:
    """A webhook that keeps what it is sent. `status`: what it answers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.tried = 0
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
                hook.tried += 1
                if hook.status == 200:
                    hook.texts.append(said)
                self.send_response(hook.status)
                self.end_headers()

            def log_request(self, code: Any = "", size: Any = "") -> None:
                """Nothing on the console of the tests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/T/B/x"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class PostOffice(Controller):
    """A mail server on a port of the system's choosing."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Mailbox(Message):
    """Keeps every mail."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


def judge(record: Record) -> Trouble | None:
    """A record's problems as its trouble."""
    if not record.problems:
        return None
    first = record.problems[0]
    return Trouble(record.key, record.entity, "salesforce", "rejected", first.code, first.message, ("us",), {"salesforce": record.key[-4:]})


class Office:
    """Topics, a hook, a mailbox, and the role with rules that lead to all of them."""

    def __init__(self, kafka: str, registry: str, prefix: str) -> None:
        admin.ensure(admin.client(kafka), admin.wanted([t for t in pipeline_topics([], [], []) if t.name in NEEDED], prefix))
        self.pipeline = Pipeline(kafka, {}, Topics(prefix), Codec(ConfluentRegistry(registry)))
        self.registry = registry
        self.hook, self.box = Hook(), Mailbox()
        self._mail = PostOffice(self.box, hostname="127.0.0.1", port=0)
        self._mail.start()
        self.given = Notices(
            mail=Mail(host="127.0.0.1", port=self._mail.port, tls="none", sender="accord@example.com"),
            routes={
                "sales": Route(kind="webhook", webhook_url=SecretStr(self.hook.url)),
                "desk": Route(kind="email", to=("desk@example.com",)),
                "log": Route(kind="topic"),
            },
            rules=(Rule(entity=("order",), to=("sales", "desk", "log")),),
        )  # fmt: skip
        self._writer = TransactionalWriter(kafka, f"{prefix}test")
        self._writer.start()

    def state(self, *records: Record) -> None:
        self._writer.begin()
        for record in records:
            self._writer.send(self.pipeline.topics.name("record"), record.key.encode(), self.pipeline.codec.encode("record", record))
        self._writer.commit()

    def desk(self) -> Desk:
        cluster = Cluster(self.pipeline.bootstrap, self.pipeline.topics, Codec(ConfluentRegistry(self.registry)), {})
        return Desk(cluster, self.given, judge, SystemClock(), "https://acme.example")

    def close(self) -> None:
        self.hook.close()
        self._mail.stop()
        self._writer.close()


@pytest.fixture
def office(kafka: str, registry: str, topic_prefix: str) -> Iterator[Office]:
    made = Office(kafka, registry, topic_prefix)
    yield made
    made.close()


def bad(key: str = ORDER, code: str = "address_invalid") -> Record:
    return Record(key=key, entity="order", problems=(Problem(code, "Postal code 9720 is too short.", park=False),))


def test_a_trouble_reaches_each_route_once_also_over_a_restart_and_closes_by_itself(office: Office):
    """A rejected order that nobody hears of is a customer who waits; one that is told ten times is not read."""
    office.state(bad())
    with InThread(office.desk().run):
        until(lambda: office.hook.texts and office.box.mails, "hook and mailbox")
        until(lambda: len(office.pipeline.table("notice")[ORDER].told) == 3, "all routes remembered")
    with InThread(office.desk().run):
        office.state(bad(), bad(OTHER, "terms_unknown"))
        until(lambda: len(office.hook.texts) == 2, "the other order")
        office.state(Record(key=ORDER, entity="order"))
        until(lambda: len(office.hook.texts) == 3 and len(office.box.mails) == 3, "the end")
        until(lambda: ORDER not in office.pipeline.table("notice"), "the notice is closed")
    assert [("801A" in t, "Healed" in t) for t in office.hook.texts] == [(True, False), (False, False), (True, True)]
    assert "https://acme.example/801A" in office.box.mails[0].get_payload()
    assert office.box.mails[0]["To"] == "desk@example.com"
    assert len({m["Message-ID"] for m in office.box.mails}) == 3
    assert sorted(office.pipeline.table("notified")) == [ORDER, OTHER]
    assert errors_table(list(office.pipeline.table("notice").values()), 0).row_count == 1


def test_a_route_that_is_down_gets_its_messages_later_and_keeps_no_other_waiting(office: Office):
    """Slack's bad hour must neither lose a notice nor stop the mail."""
    office.hook.status = 500
    office.state(bad())
    with InThread(office.desk().run):
        until(lambda: office.box.mails and office.hook.tried, "the mail, and a try at the hook")
        assert office.hook.texts == []
        office.hook.status = 200
        until(lambda: len(office.hook.texts) == 1, "the hook, once it is well")


def test_a_person_says_to_be_at_it_and_the_trail_knows(office: Office):
    """Who took an error on, and when, is asked when the customer calls."""
    office.hook.status = 500
    office.state(bad())
    with InThread(office.desk().run):
        until(lambda: office.box.mails and ORDER in office.pipeline.table("notice"), "the mail")
        office.pipeline.handle(office.pipeline.table("notice")[ORDER], "ada", "calling them", 5)
        until(lambda: office.pipeline.table("notice")[ORDER].handled_by == "ada", "ada's word")
        office.hook.status = 200
    assert office.hook.texts == [], "whoever wasn't told yet need not be"
    (step,) = office.pipeline.table("audit").values()
    assert (step.step, step.key, step.message) == ("handled", ORDER, "ada is at it: calling them")


def test_names_that_are_none_are_refused(office: Office):
    """A misspelt record must not look as if somebody were at it."""
    with pytest.raises(Rejected):
        office.pipeline.key_of("801A")
