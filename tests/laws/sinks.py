"""Two sinks: lanes, settled sequences, parking, calls that land late or never, answers that get lost, crashes."""

from __future__ import annotations

from typing import Any

from schemas.events import Outcome
from streams.rules import DELETED, KEY
from tests.laws.entity import BAD, ENTITY, NO_SEED, OTHER
from tests.laws.users import BOTH, delete
from tests.laws.world import CALL_MAX, LANES, Sink, ViolationError, World


def sink_links(w: World, _k: int) -> bool:
    if w.sinks_link_at >= len(w.link.items):
        return False
    w.sink_index.take(w.link.items[w.sinks_link_at])
    w.sinks_link_at += 1
    for t in BOTH:
        for key, (ref, sequence) in list(w.parked[t].items()):
            if w.sink_index.id_in(ref, t):
                del w.parked[t][key]
                w.say("sink", t, "releases", key, sequence)
                w.answer(key, Outcome(t, key, ENTITY, sequence, "released"))
    return True


def sink_take(w: World, k: int) -> bool:
    t = BOTH[k % 2]
    s = w.sink[t]
    lanes = [lane for lane in LANES if s.queue_at[lane] < len(w.writes[t, lane].items)]
    if not lanes:
        return False
    lane = lanes[k // 2 % len(lanes)]
    at = (lane, s.queue_at[lane])
    s.queue_at[lane] += 1
    key, ask, _ = w.writes[t, lane].items[at[1]]
    if at in w.done[t]:
        return True
    if ask.sequence <= w.settled[t].get(key, (0, ""))[0]:
        w.done[t].add(at)
        return True
    line = s.lane.setdefault(key, [])
    line.append((ask, at))
    newest(w, t, key)
    return True


def newest(w: World, t: str, key: str) -> None:
    """Coalesce: the newest stays, the others are superseded."""
    line = w.sink[t].lane[key]
    best = max(line, key=lambda x: x[0].sequence)
    w.done[t].update(x[1] for x in line if x is not best)
    w.sink[t].lane[key] = [best]


def finish(w: World, t: str, key: str, ask: Any, at: Any, kind: str, **more: Any) -> None:
    """Outcome, settled and offsets in one transaction."""
    w.done[t].add(at)
    old = w.settled[t].get(key, (0, ""))
    w.settled[t][key] = (max(old[0], ask.sequence), more.get("id") or old[1])
    if kind:
        w.answer(key, Outcome(t, key, ENTITY, ask.sequence, kind, object="Thing", lane=at[0], **more))


def sink_send(w: World, k: int) -> bool:
    t = BOTH[k % 2]
    s = w.sink[t]
    ready = [key for key in s.lane if s.lane[key] and key not in s.flight and w.now >= s.hold.get(key, 0)]
    if not ready:
        return False
    key = ready[k // 2 % len(ready)]
    ask, at = s.lane[key].pop(0)
    settled = w.settled[t].get(key, (0, ""))
    if ask.sequence <= settled[0]:
        w.done[t].add(at)
    elif not ask.fields:  # a withdrawal: nothing to send
        finish(w, t, key, ask, at, "")
        w.parked[t].pop(key, None)
    elif ask.fields.get("ref") and not w.sink_index.id_in(ask.fields["ref"], t):
        w.parked[t][key] = (ask.fields["ref"], ask.sequence)
        w.say("sink", t, "parks", key, ask.sequence, "for", ask.fields["ref"])
        finish(w, t, key, ask, at, "waiting", waits_for=ask.fields["ref"], code="missing_ref")
    else:
        w.parked[t].pop(key, None)
        _call(w, t, key, ask, at, k)
    return True


def _call(w: World, t: str, key: str, ask: Any, at: Any, k: int) -> None:
    s = w.sink[t]
    id_ = ask.id or (w.sink_index.links[key].ids.get(t, "") if key in w.sink_index.links else "") or w.settled[t].get(key, (0, ""))[1]
    if id_ in w.retired.get((key, t, ask.sequence), ()):
        id_ = ""
    if not id_ and key in s.look:
        external = key.replace(":", "-", 2)
        id_ = next((i for i, row in w.rows[t].items() if row.fields[KEY] == external and not row.deleted), "")
    s.look.discard(key)
    sent = dict(ask.fields) if id_ else {**ask.seeds, **ask.fields}
    if ask.stage and id_:
        row = w.rows[t][id_]
        if row.fields["st"] == "acc" and not row.deleted:
            w.say("sink", t, "finds the stage of", key, "changed")
            finish(w, t, key, ask, at, "stage_changed", id=id_, observed={"st": "acc"}, before=w.clock(t), after=w.clock(t))
            return
    fields = {f: w.sink_index.id_in(v, t) if f == "ref" and v else v for f, v in sent.items()}
    call = {"t": t, "key": key, "ask": ask, "at": at, "id": id_, "fields": fields, "sent": sent, "before": w.clock(t), "made": w.now}
    call |= {"landed": None, "late": w.zombies and k % 13 == 0}
    s.flight[key] = call
    w.calls.append(call)
    w.count["calls"] += 1
    w.say("sink", t, "sends", key, "seq", ask.sequence, fields, "to", id_ or "(create)")


def land(w: World, k: int) -> bool:
    """The call takes effect at the target, or is dropped: it never got there."""
    due = [c for c in w.calls if c["landed"] is None]
    if not due:
        return False
    call, k = due[k % len(due)], k // len(due)
    t, id_ = call["t"], call["id"]
    row = w.rows[t].get(id_)
    if row and row.late:
        return False  # locked
    expired = w.now > call["made"] + CALL_MAX
    if (expired and not call["late"]) or (w.faults and k % 7 == 0):
        w.say("call lost before it landed", call["key"], call["ask"].sequence)
        call["landed"] = ("lost", "")
    elif call["fields"].get(BAD[t]) == "4":
        call["landed"] = ("rejected", "")
    elif not id_:
        call["landed"] = _insert(w, call, expired=expired)
    elif row is None or row.deleted:
        call["landed"] = ("gone", id_)
    elif DELETED in call["fields"]:
        w.say("LANDS: delete", t, id_)
        delete(w, t, id_)
        call["landed"] = ("applied", id_)
    else:
        _update(w, call, row, expired=expired)
        call["landed"] = ("applied", id_)
    w.calls.remove(call)
    return True


def _insert(w: World, call: dict[str, Any], *, expired: bool) -> tuple[str, str]:
    t, key = call["t"], call["key"].replace(":", "-", 2)
    hit = next((i for i, r in w.rows[t].items() if r.fields[KEY] == key and not r.deleted), "")
    if hit:
        return "exists", hit  # the unique key refuses a second one
    sku = call["fields"].get("sku")
    if any(r.fields["sku"] == sku and (not r.deleted or _raises(w, call["key"], t, i)) for i, r in w.rows[t].items()):
        again = w.on_delete == "restore" and bool(w.retired.get((call["key"], t, call["ask"].sequence)))
        if not (expired or again):  # what a person made anew in the seconds of a restore is found by its claim afterwards (decision 12)
            raise ViolationError("b/g", f"second record of {sku} created in {t}")
        w.count["window"] += 1
    id_ = w.insert(t, call["fields"], ours=True)
    w.say("LANDS: create", t, id_, call["fields"])
    return "applied", id_


def _raises(w: World, key: str, t: str, id_: str) -> bool:
    """Is the deleted record the very one that the create is for? Made anew by a user, or deleted before it was joined, it is another."""
    assigned = w.assigned.get((t, id_))
    record = w.records.get(assigned.key) if assigned else None
    while record is not None and record.alias:
        record = w.records.get(record.alias)
    return record is not None and record.key == key and len(record.ids) > 1 and w.on_delete != "restore"


def _update(w: World, call: dict[str, Any], row: Any, *, expired: bool) -> None:
    t, farewells = call["t"], set()
    _defaults(w, call, row)
    for f, v in call["fields"].items():
        if row.fields.get(f) != v and w.owner_now(f, row.fields["sku"]) == t:
            if _farewell(w, call, f):
                farewells.add((t, call["id"], f))
            elif not _welcome(w, call, f):
                if not (expired or f == "c"):
                    raise ViolationError("d", f"our write set {t}.{f} = {v} over its owner's {row.fields.get(f)}")
                w.count["window"] += 1
    w.say("LANDS: update", t, call["id"], call["fields"])
    w.save(t, call["id"], call["fields"], ours=True)
    w.switched_off |= farewells


def _defaults(w: World, call: dict[str, Any], row: Any) -> None:
    """A null in a record that we made, which no user has touched, is a default: it may not blank the other side."""
    t, field = call["t"], NO_SEED[call["t"]]
    other = OTHER[t]
    twins = [(other, i) for i, r in w.rows[other].items() if r.fields["sku"] == row.fields["sku"] and not r.deleted]
    ours = [twin for twin in twins if twin in w.ours and (*twin, field) not in w.user_set]
    untouched = (t, call["id"], field) not in w.user_set
    if call["fields"].get(field, "") is None and row.fields[field] and ours and untouched:
        raise ViolationError("i", f"the default null of {ours} blanked {row.fields[field]} in {call['id']}")


def _farewell(w: World, call: dict[str, Any], field: str) -> bool:
    """Only where the counterpart was deleted."""
    t = call["t"]
    dead = any(r.deleted and r.fields["sku"] == w.rows[t][call["id"]].fields["sku"] for r in w.rows[OTHER[t]].values())
    return w.on_delete == "inactivate" and field == "active" and call["fields"][field] == "false" and dead


def _welcome(w: World, call: dict[str, Any], field: str) -> bool:
    """Only our own farewell is undone, never a user's. Who saved the field before it, perhaps as it was, didn't switch it off."""
    at = (call["t"], call["id"], field)
    ours = at in w.switched_off or at not in w.user_set
    return w.on_delete == "inactivate" and field == "active" and call["fields"][field] == "true" and ours


def sink_answer(w: World, k: int) -> bool:
    t, k = BOTH[k % 2], k // 2
    s = w.sink[t]
    if not s.flight:
        return False
    key = sorted(s.flight)[k % len(s.flight)]
    k //= len(s.flight)
    call = s.flight[key]
    kind, id_ = call["landed"] or ("", "")
    if kind in ("", "lost", "exists") or (w.faults and k % 5 == 0):
        if kind == "" and (not w.faults or w.now < call["made"] + 3):
            return False
        del s.flight[key]  # ambiguous: hold, look up, send again
        w.say("sink", t, "gets no answer for", key, call["ask"].sequence)
        s.lane.setdefault(key, []).append((call["ask"], call["at"]))
        newest(w, t, key)
        s.look.add(key)
        s.hold[key] = call["made"] + CALL_MAX + 1
        return True
    del s.flight[key]
    w.say("sink", t, "answers", key, call["ask"].sequence, kind)
    code = "bad" if kind == "rejected" else ""
    finish(w, t, key, call["ask"], call["at"], kind, id=id_, sent=call["sent"], before=call["before"], after=w.clock(t), code=code)
    return True


def crash(w: World, k: int) -> bool:
    """A sink dies uncleanly; its calls go on by themselves. Its successor starts at the committed offsets and holds what may be in flight."""
    if not w.faults:
        return False
    t = BOTH[k % 2]
    w.say("sink", t, "CRASHES")
    s = w.sink[t] = Sink()
    for lane in LANES:
        items = w.writes[t, lane].items
        first = next((i for i in range(len(items)) if (lane, i) not in w.done[t]), len(items))
        s.queue_at[lane] = first
        for key, _, _ in items[first:]:
            s.hold[key] = w.now + CALL_MAX + 1
            s.look.add(key)
    return True
