"""One pipeline on a broker and a registry of its own, so that tests may kill those too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.local import stack
from tests.flows import seeds
from tests.flows.conftest import LOOP, pytest_pyfunc_call
from tests.flows.rig import Rig, opened

__all__ = ["pytest_pyfunc_call"]


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Both systems hold a few records; all roles run."""
    folder = tmp_path_factory.mktemp("faults")
    ends = stack.up(folder / "local")
    rig = LOOP.run_until_complete(opened(folder, ends.kafka, ends.registry, "accord."))
    try:
        LOOP.run_until_complete(seeds.given(rig))
        rig.run_all()
        LOOP.run_until_complete(seeds.joined(rig))
        yield rig
    finally:
        LOOP.run_until_complete(rig.stop())
        stack.down(folder / "local")
