"""One pipeline for all flows, and tests as coroutines on its loop."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from accord.kafka import admin
from tests.flows import seeds
from tests.flows.rig import Rig, opened

LOOP = asyncio.new_event_loop()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests on the session's loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    LOOP.run_until_complete(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@contextmanager
def running(opening: Coroutine[Any, Any, Rig]) -> Iterator[Rig]:
    """Both systems hold a few records, some of them the same; all roles run and the first snapshots have passed."""
    rig = LOOP.run_until_complete(opening)
    try:
        LOOP.run_until_complete(seeds.given(rig))
        rig.run_all()
        LOOP.run_until_complete(seeds.joined(rig))
        yield rig
    finally:
        LOOP.run_until_complete(rig.stop())


@pytest.fixture(scope="session")
def pipeline(kafka: str, registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """On topics of its own, which are deleted at the end."""
    prefix = f"flow{uuid.uuid4().hex[:6]}."
    try:
        with running(opened(tmp_path_factory.mktemp("flows"), kafka, registry, prefix)) as rig:
            yield rig
    finally:
        admin.delete(admin.client(kafka), prefix)  # the shared broker is left as it was found
