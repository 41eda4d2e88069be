"""What a whole pipeline leaves behind holds none of its secrets."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from accord.kafka import admin
from accord.kafka.consumer import Table
from tests.flows.rig import Rig
from tests.flows.seeds import account

#: Keys of the sandboxes' file whose values are secrets; a key file's lines count one by one.
NAMES = ("secret", "password", "token", "private_key")


def secrets(told: Any) -> Iterator[str]:
    """Every secret of the sandboxes, by the names in their file."""
    for name, value in told.items():
        if isinstance(value, dict):
            yield from secrets(value)
        elif isinstance(value, str) and any(n in name for n in NAMES) and not name.endswith(("token_url", "token_id")):
            path = Path(value)
            lines = path.read_text().splitlines() if "private_key" in name and path.is_file() else [value]
            yield from (line for line in lines if len(line) >= 8 and not line.startswith("-----"))


def found_in(text: str, wanted: set[str]) -> set[str]:
    return {secret for secret in wanted if secret in text}


def topics(rig: Rig) -> dict[str, str]:
    """Each topic of the pipeline with all its bytes. One consumer reads them: one for each of a hundred would take minutes."""
    pipe = rig.pipeline
    names = [n for n in admin.client(pipe.bootstrap).list_topics(timeout=30).topics if n.startswith(pipe.topics.prefix)]
    held, table = {name: [""] for name in names}, Table(pipe.bootstrap, names)
    for r in table.load():
        held[r.topic] += [p.decode("latin-1") for p in (r.key, r.value, *(v for _, v in r.headers)) if p]
    table.close()
    return {name: "\n".join(parts) for name, parts in held.items()}


async def test_no_secret_is_in_logs_topics_audit_or_process_lists(pipeline: Rig):
    """Whoever may read a log or a topic must not thereby become the integration user of two companies' books."""
    name = "Reader Of Secrets"
    await account(pipeline, name)
    wanted = set(secrets(pipeline.sandbox))
    assert len(wanted) >= 8, "the sandboxes have secrets of every kind"

    async def audited() -> bool:
        path = pipeline.settings.run.state_dir / "audit.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return bool(db.execute("SELECT count(*) FROM audit_step WHERE step = 'applied'").fetchone()[0])

    await pipeline.until("the audit trail", audited)
    held = await asyncio.to_thread(topics, pipeline)
    assert any(name in text for text in held.values()), "a search that would find nothing proves nothing"
    assert pipeline.running is not None
    family = [psutil.Process(pipeline.running.pid), *psutil.Process(pipeline.running.pid).children(recursive=True)]
    held |= {f"process {p.pid}": " ".join(p.cmdline()) for p in family if p.is_running()}
    state = pipeline.settings.run.state_dir
    held |= {str(p): p.read_bytes().decode("latin-1") for p in [pipeline.folder / "run.log", *state.rglob("*")] if p.is_file()}
    assert len(held) > 40
    assert {where: found for where, text in held.items() if (found := found_in(text, wanted))} == {}


def test_a_secret_would_be_seen():
    """A search under names that nobody uses any more finds nothing for ever."""
    told = {"salesforce": {"client_secret": "s" * 9, "token_url": "https://x", "username": "u" * 9}, "netsuite": {"token_secret": "t" * 9}}
    assert set(secrets(told)) == {"s" * 9, "t" * 9}
    assert found_in("a line with ttttttttt in it", {"t" * 9}) == {"t" * 9}
