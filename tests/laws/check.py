"""What must hold when all is quiet."""

from __future__ import annotations

from schemas.events import Record
from schemas.ids import to_external
from streams.reconcile.draft import Draft
from streams.rules import CODE, KEY, NETSUITE_ID, STATUS
from tests.laws.entity import OTHER, N, S
from tests.laws.world import ViolationError, World, address

OWN = frozenset({KEY, NETSUITE_ID, STATUS, CODE})


def check(w: World) -> None:
    for key, record in w.records.items():
        if record.alias:
            continue
        draft = Draft(record, w.rules, w.streams_index)
        for system, id_ in record.ids.items():
            _registers(w, draft, key, system, id_)
        for t in (S, N):
            if record.wanted.get(t) and key not in w.parked[t]:
                raise ViolationError("c", f"{key} still wants {record.wanted[t]} in {t}")
            if key in w.parked[t] and w.sink_index.id_in(w.parked[t][key][0], t):
                raise ViolationError("c", f"{key} is parked for no reason")
        if any(w.rows[system][id_].deleted for system, id_ in record.ids.items()):
            _farewell(w, record)
            continue
        for t in (S, N):
            _target(w, draft, record, t)
        _held(w, record)


def _registers(w: World, draft: Draft, key: str, system: str, id_: str) -> None:
    row = w.rows[system][id_]
    if (draft.standing(system) == "deleted") != row.deleted:
        raise ViolationError("a", f"presence of {system} {id_} is taken for {draft.standing(system)}")
    if row.deleted:
        return
    for field in draft.registers.get(system, {}):
        truth = row.fields[field]
        if field == "ref" and truth:
            here, there = (
                w.streams_index.key_of(address(system, truth)),
                w.streams_index.key_of(draft.read(system, field) or address(system, "")),
            )
            if here != there:
                raise ViolationError("a", f"register {key} {system}.ref = {there}, the row names {here}")
        elif draft.read(system, field) != truth:
            raise ViolationError("a", f"register {key} {system}.{field} = {draft.slot(system, field)} but the row holds {truth}")


def _farewell(w: World, record: Record) -> None:
    """What a deletion must have led to on the other side."""
    for dead, id_ in record.ids.items():
        t = OTHER[dead]
        if not w.rows[dead][id_].deleted or t not in record.ids:
            continue
        row = w.rows[t][record.ids[t]]
        if w.on_delete == "restore" and not row.deleted:
            if dead not in record.rejected and record.key not in w.parked[dead]:
                raise ViolationError("a", f"{record.key} was deleted in {dead} and is not there again")
            _status(w, record, t, row.fields)
        if w.on_delete == "delete" and dead == N and not row.deleted and t not in record.rejected:
            raise ViolationError("a", f"{record.key} was deleted in {dead} and lives in {t}")
        touched = (t, record.ids[t], "active") in w.user_set
        if w.on_delete == "inactivate" and not row.deleted and row.fields["active"] != "false" and not touched:
            raise ViolationError("a", f"{record.key} was deleted in {dead} and is active in {t}")


def _target(w: World, draft: Draft, record: Record, t: str) -> None:
    key, src = record.key, OTHER[t]
    apart = t in record.rejected or key in w.parked[t]
    if src in record.ids and t not in record.ids and not (apart or _second(w, src, record.ids[src])):
        raise ViolationError("a", f"{key} was not created in {t}: claims {record.claims}")
    if len(record.ids) < 2:
        return
    here, there = w.rows[t][record.ids[t]].fields, w.rows[src][record.ids[src]].fields
    _status(w, record, t, here)
    if apart:
        return
    if here[KEY] != to_external(key) or (t == S and here[NETSUITE_ID] != record.ids[N]):
        raise ViolationError("a", f"{key} stands in {t} as {here[KEY]} {here.get(NETSUITE_ID)}")
    for field in w.rules.fields:
        if field not in OWN and w.rules.owner(field, draft.stage) == src:
            _field(w, draft, record, t, field, here[field], there[field])


def _second(w: World, system: str, id_: str) -> bool:
    """Is it what a person made anew in the seconds of a restore, beside ours (decision 12)? Then it must say that it is in doubt."""
    row = w.rows[system][id_].fields
    beside = [i for i, r in w.rows[system].items() if (system, i) in w.ours and not r.deleted and r.fields["sku"] == row["sku"]]
    return w.on_delete == "restore" and bool(beside) and (row[STATUS], row[CODE]) == ("waiting", "ambiguous_match")


def _field(w: World, draft: Draft, record: Record, t: str, field: str, held: str | None, owners: str | None) -> None:
    key, src = record.key, OTHER[t]
    if field == "ref":
        held, owners = (None if v is None else w.streams_index.key_of(address(s, v)) for s, v in ((t, held), (src, owners)))
    if draft.rules.normal(t, field, owners, draft.links, draft.read) == draft.rules.normal(t, field, held, draft.links, draft.read):
        return
    if any((code, key, t, field) in w.notes for code in ("refused", "contested", "reported")):
        return
    if owners is None and src in record.made and field not in record.agreed.get(t, {}):
        return
    if src in record.rejected and (src, record.ids[src], field) in w.switched_off:
        return  # no word of the owner's but our farewell, whose undoing goes with the refused payload: passed on it would stay for ever
    raise ViolationError("a", f"{key} {t}.{field} = {held} but its owner {src} has {owners}")


def _status(w: World, record: Record, t: str, here: dict) -> None:
    """Trouble on the way to the other side stands on the record, or in the write to it that waits for a third one: a write waits whole."""
    src = OTHER[t]
    here = {**here, **record.wanted.get(t, {})} if record.key in w.parked[t] else here
    refusal = record.rejected.get(src)
    code = refusal.code if refusal else "missing_ref" if record.key in w.parked[src] else None
    status = "rejected" if refusal else "waiting" if record.key in w.parked[src] else "synced"
    if here[CODE] != code or (here[STATUS] != status and not (status == "synced" and here[STATUS] is None)):
        raise ViolationError("a", f"{record.key} says {here[STATUS]} {here[CODE]} in {t}, should be {status} {code}")


def _held(w: World, record: Record) -> None:
    """Only what a script alters may be refused."""
    odd = {"N.a.sync": (N, "a"), "S.b.revert": (S, "b"), "S.b.async": (S, "b"), "N.r.async": (N, "r")}
    for system, fields in record.held.items():
        for field, held in fields.items():
            if held.why == "refused" and (system, field) not in [odd[q] for q in w.quirks]:
                raise ViolationError("h", f"{record.key} {system}.{field} is held as refused though the target keeps what it is given")
