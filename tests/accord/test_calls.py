from __future__ import annotations

import sys
import threading

import requests

from accord.calls import ServerClock, unreachable
from tests.accord.manual_clock import ManualClock


def test_the_servers_time_is_bounded_from_both_sides() -> None:
    """A row labelled later than the truth would beat an event that came after it; one second of a Date header is enough for that."""
    clock = ManualClock()
    server, ahead_ms = ServerClock(clock), 7_400
    for _ in range(10):
        sent = clock.ms()
        stamped = (sent + 40 + ahead_ms) // 1000 * 1000
        clock.advance(0.170)
        server.note(stamped, sent_ms=sent, step_ms=1000)
        truth = clock.ms() + ahead_ms
        assert server.now_ms() <= truth <= server.latest_ms()
    assert server.latest_ms() - server.now_ms() < 1_000


def test_without_an_answer_the_servers_time_is_ours() -> None:
    """The first query is labelled too."""
    clock = ManualClock()
    assert ServerClock(clock).now_ms() == clock.ms()


def test_the_servers_time_is_told_while_calls_note_theirs_in_other_threads() -> None:
    """The producers ended, all of them, where an answer came in the moment in which a query was labelled."""
    clock, stop, before = ManualClock(), threading.Event(), sys.getswitchinterval()
    server = ServerClock(clock)

    def note() -> None:
        while not stop.is_set():
            server.note(clock.ms(), sent_ms=clock.ms())

    calls = [threading.Thread(target=note) for _ in range(2)]
    sys.setswitchinterval(1e-6)
    try:
        for call in calls:
            call.start()
        assert {server.now_ms() for _ in range(2_000)} == {clock.ms()}
    finally:
        stop.set()
        sys.setswitchinterval(before)
        for call in calls:
            call.join()


def test_only_a_write_that_may_have_left_is_ambiguous() -> None:
    """Looking up after every refused connection would double the calls of an outage; not looking up after a reset doubles records."""
    refused = requests.ConnectionError("HTTPConnectionPool: Max retries exceeded (Caused by NewConnectionError('refused'))")
    cut = requests.ConnectionError("Connection aborted.", "Remote end closed connection without response")
    assert not unreachable(refused, "x", write=True).ambiguous
    assert not unreachable(requests.ConnectTimeout("slow"), "x", write=True).ambiguous
    assert unreachable(cut, "x", write=True).ambiguous
    assert unreachable(requests.ReadTimeout("slow"), "x", write=True).ambiguous
    assert not unreachable(cut, "x", write=False).ambiguous
