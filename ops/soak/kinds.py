"""The kinds of faults that a soak knows, by name: where each strikes, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: `kill`: kill -9 of roles (words of their command lines); `stack`: broker or registry; `worker`: one more process of a role, later gone again; `poison`: what
#: nobody can read, put on a topic; `options`: how the NetSuite account is set up; a system: a fault of docs/sandbox.md there.
Place = Literal["kill", "stack", "worker", "poison", "options", "salesforce", "netsuite"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`what`: roles, program (and how it is hurt), topics or fault. `more`: times, rate, match, params of a sandbox's fault; options during and after.
    `seconds`: how long a program is away, or a sandbox's fault stays at most: people wait no longer for what they need.
    """

    place: Place
    what: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


SINKS = ("sinks --system salesforce", "sinks --system netsuite")
ROLES = ("producers", "streams", *SINKS, "audit", "reporting", "notices", "terms")
#: What scripts of the customer's own say, and nobody else: where a record has ever held it, script and Accord fought for that field.
FLOWN, TRIGGERED = "SET BY A FLOW", "+1 503 555 0666"
#: The integration user's zone has no summer time, and our script refuses one that has.
ZONE, SUMMER = "GMT", "America/Los_Angeles"


def _both() -> dict[str, Kind]:
    """Faults that both systems have."""
    faults: dict[str, tuple[str, dict[str, Any]]] = {
        "reset_before_commit": ("reset_before_commit", {"rate": 0.2}),
        "reset_after_commit": ("reset_after_commit", {"rate": 0.2}),
        "latency": ("latency", {"rate": 0.3, "params": {"seconds": 2.0}}),
        "error": ("error", {"rate": 0.3, "params": {"status": 503}}),
        "token_revoked": ("token_revoked", {"times": 3}),
        "late_commit": ("late_commit", {"rate": 0.2, "params": {"seconds": 2.0}}),
        "clock_skew": ("clock_skew", {"params": {"seconds": -3}}),
        "clock_ahead": ("clock_skew", {"params": {"seconds": 3}}),
    }
    return {f"{system}_{name}": Kind(system, (what,), more) for name, (what, more) in faults.items() for system in ("salesforce", "netsuite")}


def _salesforce() -> dict[str, Kind]:
    hidden = {"object": "Account", "field": "Fax"}
    flow = {"match": {"object": "Account"}, "rate": 0.3, "params": {"field": "Accord_Resale_Number__c", "value": FLOWN, "seconds": 0.5}}
    faults: dict[str, tuple[str, dict[str, Any], float]] = {
        "lock_row": ("lock_row", {"rate": 0.3}, 0.0),
        "daily_limit": ("daily_limit", {"times": 10}, 0.0),
        "gap": ("gap", {"times": 5}, 0.0),
        "overflow": ("overflow", {"times": 3, "match": {"object": "Account"}}, 0.0),
        "duplicate_delivery": ("duplicate_delivery", {"times": 5}, 0.0),
        "replay_expired": ("replay_expired", {"times": 1}, 0.0),
        "replay_corrupt": ("replay_corrupt", {"times": 1}, 0.0),
        "stream_cut": ("service_unavailable", {"times": 2}, 0.0),
        "silent_stream": ("silent_stream", {"times": 1}, 0.0),
        "async_flow": ("async_flow", flow, 0.0),
        "field_hidden": ("permission_removed", {"params": hidden}, 5.0),
        "object_hidden": ("permission_removed", {"params": {"object": "Accord_Invoice__c"}}, 5.0),
    }
    return {f"salesforce_{name}": Kind("salesforce", (what,), more, seconds) for name, (what, more, seconds) in faults.items()}


def _netsuite() -> dict[str, Kind]:
    customer = {"type": "customer"}
    raced = {"rate": 0.3, "match": {"method": "PATCH"}, "params": {"status": 400, "code": "RCRD_HAS_BEEN_CHANGED", "detail": "Record has been changed"}}
    faults: dict[str, tuple[str, dict[str, Any], float]] = {
        "concurrency_refused": ("concurrency_refused", {"rate": 0.3}, 0.0),
        "record_locked": ("record_locked", {"rate": 0.2}, 0.0),
        "record_changed": ("error", raced, 0.0),
        "trigger": ("trigger", {"match": customer, "rate": 0.3, "params": {"field": "fax", "value": TRIGGERED}}, 0.0),
        "async_flow": ("async_flow", {"match": customer, "rate": 0.3, "params": {"field": "fax", "value": TRIGGERED, "seconds": 1.0}}, 0.0),
        "type_hidden": ("permission_removed", {"match": customer}, 5.0),
        "subsidiary_hidden": ("subsidiary_removed", {"params": {"subsidiary": "1"}}, 5.0),
    }
    return {f"netsuite_{name}": Kind("netsuite", (what,), more, seconds) for name, (what, more, seconds) in faults.items()}


KINDS: dict[str, Kind] = {
    **{f"kill_{role if role not in SINKS else 'sinks_' + role.rpartition(' ')[2]}": Kind("kill", (role,)) for role in ROLES},
    "kill_several": Kind("kill", ("producers", "streams", *SINKS)),
    "kill_all": Kind("kill", ROLES),
    "broker_killed": Kind("stack", ("kafka", "killed"), seconds=3.0),
    "broker_stopped": Kind("stack", ("kafka", "stopped"), seconds=3.0),
    "broker_frozen": Kind("stack", ("kafka", "frozen"), seconds=5.0),
    "broker_slow": Kind("stack", ("kafka", "slow"), seconds=8.0),
    "broker_disk_full": Kind("stack", ("kafka", "full"), seconds=5.0),
    "registry_killed": Kind("stack", ("registry", "killed"), seconds=3.0),
    "streams_worker": Kind("worker", ("streams",)),
    "sinks_worker": Kind("worker", SINKS[1:]),
    "sinks_salesforce_worker": Kind("worker", SINKS[:1]),
    "poison": Kind("poison", ("change.salesforce.account", "change.netsuite.customer", "observation", "write.netsuite", "write.salesforce", "outcome")),
    "netsuite_summer_time": Kind("options", (), {"on": {"time_zone": SUMMER}, "off": {"time_zone": ZONE}}, seconds=5.0),
    **_both(),
    **_salesforce(),
    **_netsuite(),
}

#: After these nobody knows whether a write was done: the same write once more is no echo.
AMBIGUOUS = frozenset(
    name for name, kind in KINDS.items()
    if kind.place in {"kill", "stack", "worker"} or kind.what[:1] in {("reset_before_commit",), ("reset_after_commit",), ("latency",), ("error",), ("late_commit",)}
)  # fmt: skip
