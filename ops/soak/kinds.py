"""The kinds of faults that a soak knows, by name: where each strikes, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: `kill`: kill -9 of roles (words of their command lines); `stack`: broker or registry; `worker`: one more process of a role, later gone again;
#: `sandbox`: a fault of docs/sandbox.md in that system.
Place = Literal["kill", "stack", "worker", "salesforce", "netsuite"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`what`: role, program or fault. `more`: times, rate, match, params of a sandbox's fault. `seconds`: how long a program is away."""

    place: Place
    what: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


SINKS = ("sinks --system salesforce", "sinks --system netsuite")
ROLES = ("producers", "streams", *SINKS, "audit")


def _sandbox() -> dict[str, Kind]:
    """Those that both systems have, for each; then those of one."""
    both: dict[str, dict[str, Any]] = {
        "reset_before_commit": {"rate": 0.2}, "reset_after_commit": {"rate": 0.2}, "latency": {"rate": 0.3, "params": {"seconds": 2.0}},
        "error": {"rate": 0.3, "params": {"status": 503}}, "token_revoked": {"times": 3}, "late_commit": {"rate": 0.2, "params": {"seconds": 2.0}},
    }  # fmt: skip
    own: dict[str, tuple[Place, str, dict[str, Any]]] = {
        "salesforce_lock_row": ("salesforce", "lock_row", {"rate": 0.3}),
        "salesforce_gap": ("salesforce", "gap", {"times": 5}),
        "salesforce_duplicate_delivery": ("salesforce", "duplicate_delivery", {"times": 5}),
        "salesforce_replay_expired": ("salesforce", "replay_expired", {"times": 1}),
        "salesforce_replay_corrupt": ("salesforce", "replay_corrupt", {"times": 1}),
        "salesforce_stream_cut": ("salesforce", "service_unavailable", {"times": 2}),
        "salesforce_silent_stream": ("salesforce", "silent_stream", {"times": 1}),
        "salesforce_clock_skew": ("salesforce", "clock_skew", {"params": {"seconds": -3}}),
        "salesforce_daily_limit": ("salesforce", "daily_limit", {"times": 10}),
        "netsuite_concurrency_refused": ("netsuite", "concurrency_refused", {"rate": 0.3}),
        "netsuite_record_locked": ("netsuite", "record_locked", {"rate": 0.2}),
        "netsuite_clock_skew": ("netsuite", "clock_skew", {"params": {"seconds": -3}}),
    }
    out = {f"{system}_{name}": Kind(system, (name,), more) for name, more in both.items() for system in ("salesforce", "netsuite")}
    return out | {name: Kind(place, (what,), more) for name, (place, what, more) in own.items()}


KINDS: dict[str, Kind] = {
    **{f"kill_{role.rpartition(' ')[2] if role not in SINKS else 'sinks_' + role.rpartition(' ')[2]}": Kind("kill", (role,)) for role in ROLES},
    "kill_several": Kind("kill", ("producers", "streams", *SINKS)),
    "broker_killed": Kind("stack", ("kafka",), seconds=3.0),
    "broker_frozen": Kind("stack", ("kafka",), {"freeze": True}, seconds=5.0),
    "registry_killed": Kind("stack", ("registry",), seconds=3.0),
    "streams_worker": Kind("worker", ("streams",)),
    "sinks_worker": Kind("worker", ("sinks", "--system", "netsuite")),
    **_sandbox(),
}

#: After these nobody knows whether a write was done: the same write once more is no echo.
AMBIGUOUS = frozenset(
    name for name, kind in KINDS.items()
    if kind.place in {"kill", "stack", "worker"} or kind.what[0] in {"reset_before_commit", "reset_after_commit", "latency", "error", "late_commit"}
)  # fmt: skip
