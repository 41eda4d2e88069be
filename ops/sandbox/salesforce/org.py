"""The org: objects, records, journal, sessions and the rules between them. Everything that a door (REST, Bulk, Pub/Sub) opens onto."""

from __future__ import annotations

import asyncio
import secrets as random_source
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Fault, Switchboard
from ops.sandbox.salesforce import deployed, secret, seeds, standard, switches
from ops.sandbox.salesforce.cursors import Cursors
from ops.sandbox.salesforce.problems import Refused, refuse
from ops.sandbox.salesforce.save import Saver
from ops.sandbox.salesforce.settings import Settings
from ops.sandbox.salesforce.soql.grammar import parse
from ops.sandbox.salesforce.soql.select import Runner
from ops.sandbox.salesforce.store import Record, Store
from ops.sandbox.salesforce.transaction import Caller, Transaction

SESSION_HOURS = 2
#: The `main/default` folder of an SFDX project of one's own, deployed after ours.
DEPLOYED = "deployed/salesforce"
MAX_CDC_ENTITIES = 5


class Org:
    """One Salesforce org. `directory` None keeps everything in memory; else `salesforce.sqlite` and the secrets live there."""

    def __init__(
        self,
        directory: Path | None,
        *,
        clock: SandboxClock,
        faults: Switchboard,
        settings: Settings | None = None,
        credentials: secret.Secrets | None = None,
    ) -> None:
        self.clock = clock
        self.faults = faults
        self.settings = settings or Settings()
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        self.secrets = credentials or (secret.ensure(directory) if directory else secret.make())
        self.objects = standard.catalogue()
        self.channels = deployed.deploy(self.objects, deployed.project(), self.settings.undeployed)
        if directory is not None and (directory / DEPLOYED).is_dir():
            deployed.deploy(self.objects, directory / DEPLOYED)
        self.cdc_entities = self._selected()
        self.store = Store(directory / "salesforce.sqlite" if directory else None, self.objects)
        self.journal = self.store.journal
        if not self.store.rows["Organization"]:
            seeds.seed(self.store, clock.now(), "Accord Sandbox", secret.DOMAIN, self.settings.organization)
        self.org_id = next(iter(self.store.rows["Organization"]))
        self.saver = Saver(faults, self.settings)
        self.started = clock.now().replace(microsecond=0)
        self.cursors = Cursors()
        self.jobs: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._sessions: dict[str, tuple[str, datetime]] = {}
        self._day: tuple[datetime, int] = (self.started, 0)
        self._later: set[asyncio.TimerHandle] = set()

    def _selected(self) -> list[str]:
        chosen = list(self.settings.cdc_entities) if self.settings.cdc_entities is not None else deployed.entities(self.channels)
        if len(chosen) > MAX_CDC_ENTITIES and not self.settings.cdc_addon:
            raise ValueError(f"{len(chosen)} entities are selected for change data capture; without the add-on an org may select {MAX_CDC_ENTITIES}")
        return chosen

    # sessions

    def user_id(self, username: str) -> str | None:
        lower = username.lower()
        return next((row["Id"] for row in self.store.rows["User"].values() if row["Username"].lower() == lower and row["IsActive"]), None)

    @property
    def integration_user(self) -> str:
        return self.user_id(self.secrets.username) or ""

    def open_session(self, user: str) -> str:
        token = f"{self.org_id[:15]}!AQ{random_source.token_urlsafe(64)}"
        self._sessions[token] = (user, self.clock.now() + timedelta(hours=SESSION_HOURS))
        return token

    def check_session(self, token: str | None) -> str | None:
        """The user behind an access token; None when it is unknown, ended or too old. Use makes a session last longer."""
        found = self._sessions.get(token or "")
        if found is None or token is None or found[1] <= self.clock.now():
            return None
        self._sessions[token] = (found[0], self.clock.now() + timedelta(hours=SESSION_HOURS))
        return found[0]

    def end_session(self, token: str | None = None) -> None:
        """One token, or with None every one."""
        if token is None:
            self._sessions.clear()
        else:
            self._sessions.pop(token, None)

    # allocations

    @property
    def used_today(self) -> int:
        """API calls of the running 24 hours."""
        if self.clock.now() - self._day[0] >= timedelta(days=1):
            self._day = (self.clock.now(), 0)
        return self._day[1]

    def count_call(self, shape: str) -> None:
        used = self.used_today  # may begin a new day
        self._day = (self._day[0], used + 1)
        self.calls[shape] += 1

    # work

    def now(self) -> datetime:
        """The moment that stamps take."""
        return self.clock.now() + timedelta(seconds=switches.skew(self.faults))

    @contextmanager
    def transaction(self, caller: Caller, moment: datetime | None = None) -> Iterator[Transaction]:
        """Commit at the end; any exception takes all of it back."""
        tx = Transaction(self.store, caller, moment or self.now(), UUID(bytes=random_source.token_bytes(16), version=4))
        try:
            yield tx
        except BaseException:
            tx.undo()
            raise
        tx.commit()
        if switches.on(self.faults, "async_flow"):
            for name in sorted({name for name, _ in tx.before}):
                self._flows(name, [record_id for other, record_id in tx.before if other == name])

    def _flows(self, name: str, record_ids: list[str]) -> None:
        """The async_flow fault: a later transaction of its own."""
        fault = self.faults.strike("async_flow", object=name)
        if fault is None:
            return
        delay = float(fault.params.get("seconds", 0))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._flow(fault, name, record_ids)
            return
        self._later.add(loop.call_later(delay, self._flow, fault, name, record_ids))

    def _flow(self, fault: Fault, name: str, record_ids: list[str]) -> None:
        tx = Transaction(
            self.store,
            Caller(self.user_id(f"admin@{secret.DOMAIN}") or ""),
            self.now(),
            UUID(bytes=random_source.token_bytes(16), version=4),
        )
        try:
            for record_id in record_ids:
                if self.store.live(name, record_id):
                    self.saver.update(tx, self.objects[name], record_id, {str(fault.params["field"]): fault.params.get("value")})
        except Refused:  # a flow that fails takes all of it back; nobody is told but an administrator
            tx.undo()
        else:
            tx.commit()

    def close(self) -> None:
        for handle in self._later:
            handle.cancel()
        self.store.close()

    # the short way in, for seeding and for checkers

    def caller(self, username: str | None = None, origin: str = "") -> Caller:
        user = self.user_id(username) if username else self.integration_user
        if not user:
            raise refuse("INVALID_LOGIN", f"no active user {username}")
        return Caller(user, origin)

    def create(self, name: str, body: Mapping[str, Any], user: str | None = None) -> str:
        """A record made by `user` (a username; default: the integration user) in a transaction of its own; its id."""
        with self.transaction(self.caller(user)) as tx:
            return self.saver.create(tx, self.objects[name], body)

    def update(self, name: str, record_id: str, body: Mapping[str, Any], user: str | None = None) -> None:
        with self.transaction(self.caller(user)) as tx:
            self.saver.update(tx, self.objects[name], record_id, body)

    def delete(self, name: str, record_id: str, user: str | None = None) -> None:
        with self.transaction(self.caller(user)) as tx:
            self.saver.delete(tx, self.objects[name], record_id)

    def undelete(self, name: str, record_id: str, user: str | None = None) -> None:
        with self.transaction(self.caller(user)) as tx:
            self.saver.undelete(tx, self.objects[name], record_id)

    def merge(self, name: str, master: str, losers: list[str], user: str | None = None) -> None:
        with self.transaction(self.caller(user)) as tx:
            self.saver.merge(tx, self.objects[name], master, losers)

    def get(self, name: str, record_id: str) -> Record | None:
        """The stored record, or None when it is deleted or was never there."""
        return self.store.live(name, record_id)

    def query(self, text: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Rows of a SOQL query in the shape of REST."""
        rows = Runner(self.store, self.faults, self.clock.now(), deleted=deleted).run(parse(text))
        return rows if isinstance(rows, list) else [{"expr0": rows}]
