"""The transport that `broker="accord://..."` names."""

from __future__ import annotations

from faust.transport import base
from faust.transport.drivers import TRANSPORTS

from streams.faust.consumer import Consumer
from streams.faust.producer import Producer

SCHEME = "accord"


class Transport(base.Transport):  # type: ignore[misc]  # Faust has no types
    """librdkafka under Faust; one event is one fetched batch of a partition."""

    Consumer = Consumer
    Producer = Producer
    default_port = 9092
    driver_version = "librdkafka"


TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
