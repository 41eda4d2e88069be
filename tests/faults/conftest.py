"""One pipeline on a broker and a registry of its own, so that tests may kill those too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.local import stack
from tests.flows.conftest import pytest_pyfunc_call, running
from tests.flows.rig import Rig, opened

__all__ = ["pytest_pyfunc_call"]


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """On a broker and a registry of its own."""
    folder = tmp_path_factory.mktemp("faults")
    ends = stack.up(folder / "local")
    try:
        with running(opened(folder, ends.kafka, ends.registry, "accord.")) as rig:
            yield rig
    finally:
        stack.down(folder / "local")
