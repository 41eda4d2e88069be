"""A streams worker: the stages on Faust."""

from __future__ import annotations

from accord.clock import SystemClock, epoch_ms
from accord.config import Settings
from ops.wiring.kafka import SENDS, ready
from ops.wiring.mapping import entities
from ops.wiring.stages import stages
from streams.faust.app import worker


def streams(settings: Settings) -> None:
    """A streams worker in this process. Faust owns the loop and the signals."""
    found = entities(settings)
    topics, codec = ready(settings, found, SENDS["streams"])
    clock = SystemClock()
    made = stages(found, topics, codec, lambda: epoch_ms(clock.now()), margin_ms=int(settings.run.margin_s * 1000))
    kafka = settings.kafka
    worker(
        made, app_id=f"{topics.prefix}streams", bootstrap=kafka.bootstrap, deadletter=topics.name("deadletter"),
        datadir=settings.run.state_dir / "faust", settings=kafka.client(),
    )  # fmt: skip
