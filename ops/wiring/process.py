"""What every role's process has: logs as JSON lines, metrics, a stop that SIGTERM sets, and an end that says why."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import start_http_server

from accord.errors import AccordError, Fatal

#: sysexits.h: a bug; the same may work later; a person must change something.
EXIT_CRASH, EXIT_LATER, EXIT_FATAL = 70, 75, 78
LOG = structlog.get_logger("accord")


def logs(role: str) -> None:
    """One JSON object a line, UTC, with the role's name, on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    structlog.contextvars.bind_contextvars(role=role)


def metrics(port: int) -> None:
    """Prometheus on loopback; port 0 = none."""
    if port:
        start_http_server(port, addr="127.0.0.1")


def run(role: str, main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a role until SIGTERM or SIGINT. An error of ours is its last word (`exit_code`); anything unforeseen is a crash with its traceback."""
    logs(role)
    try:
        asyncio.run(_main(main))
    except* AccordError as group:
        sys.exit(last_word(first(group)))


def last_word(error: BaseException) -> int:
    """Say why the process ends; its exit code."""
    code = exit_code(error)
    LOG.critical("fatal" if code == EXIT_FATAL else "ended", why=str(error))
    return code


def exit_code(error: BaseException) -> int:
    """78: a person must change something; 75: the same may work later; 70: a crash."""
    if isinstance(error, AccordError) and error.passing:
        return EXIT_LATER
    return EXIT_FATAL if isinstance(error, Fatal) else EXIT_CRASH


async def _main(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await main(stop)


async def in_thread(work: Callable[[threading.Event], None], stop: asyncio.Event) -> None:
    """A blocking role, told to end through an event of its own kind. Raises what ended it."""
    ended = threading.Event()
    working = asyncio.create_task(asyncio.to_thread(work, ended))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    ended.set()
    await working


def first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the first task of a group."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
