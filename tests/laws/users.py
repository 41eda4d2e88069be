"""What people and scripts do in the two systems."""

from __future__ import annotations

from tests.laws.entity import N, S
from tests.laws.world import LATE, World

BOTH = (S, N)
EDITED = ("a", "b", "c", "r", "st", "a", "c", "ref", "d", "active")


def living(w: World, system: str) -> list[str]:
    return [i for i, row in w.rows[system].items() if not row.deleted and not row.late]


def user_edit(w: World, k: int) -> bool:
    system, k = BOTH[k % 2], k // 2
    alive = living(w, system)
    if not alive:
        return False
    id_, k = alive[k % len(alive)], k // len(alive)
    field, k = EDITED[k % len(EDITED)], k // len(EDITED)
    value: str | None = str(k % 9)
    if field == "st":
        if system == S or w.rows[system][id_].fields["st"] == "acc":
            return False
        value = "acc"
    if field == "ref":
        others = [i for i in alive if i != id_ and not w.rows[system][i].fields["ref"] and i < id_]
        if system == N or not others:
            return False
        value = others[k % len(others)]
    if field == "active":
        value = ("true", "false")[k % 2]
    w.user_set.add((system, id_, field))
    if system == N and (k // 9) % 3 == 0 and w.faults:
        w.rows[system][id_].late = (w.now + 1 + k % LATE, {field: value}, w.clock(N))
        w.lates += 1
        w.say("user starts a save in N", id_, field, value, "(commits late)")
    else:
        w.say("user edits", system, id_, field, "=", value)
        w.save(system, id_, {field: value}, ours=False)
    return True


def user_new(w: World, k: int) -> bool:
    system = BOTH[k % 2]
    if sum(len(rows) for rows in w.rows.values()) > 4:
        return False
    dead = [r.fields["sku"] for i, r in w.rows[system].items() if r.deleted and _joined(w, system, i)]
    sku = dead[k % len(dead)] if dead and k % 3 == 0 else f"new{system[0]}{len(w.rows[system])}"
    if sku in w.remade or any(r.fields["sku"] == sku and not r.deleted for r in w.rows[system].values()):
        return False
    w.remade.update(s for s in (sku,) if s in dead)
    fields = {"sku": sku, "a": str(k // 2 % 9), "b": str(k // 18 % 9), "d": "3" if k % 5 == 0 else None}
    w.say("user creates", system, w.insert(system, fields, ours=False))
    return True


def _joined(w: World, system: str, id_: str) -> bool:
    """Before both sides are read and joined, making a record anew is a race that nobody could decide."""
    assigned = w.assigned.get((system, id_))
    record = w.records.get(assigned.key) if assigned else None
    while record is not None and record.alias:
        record = w.records.get(record.alias)
    return record is not None and len(record.ids) > 1


def user_delete(w: World, k: int) -> bool:
    system = BOTH[k % 2]
    alive = living(w, system)
    if not alive:
        return False
    id_ = alive[k // 2 % len(alive)]
    delete(w, system, id_)
    w.say("user deletes", system, id_)
    return True


def delete(w: World, system: str, id_: str) -> None:
    row = w.rows[system][id_]
    row.deleted, row.stamp = True, w.clock(N)
    if system == S:
        w.event(id_, {}, "delete")


def user_undelete(w: World, k: int) -> bool:
    """Salesforce's recycle bin; the event holds all fields."""
    living = {row.fields["sku"] for row in w.rows[S].values() if not row.deleted}
    paired = {row.fields["sku"] for row in w.rows[N].values()}  # not joined yet, its counterpart may rightly be taken for alone
    skus = {i: row.fields["sku"] for i, row in w.rows[S].items() if row.deleted}
    dead = [i for i, sku in skus.items() if sku not in living and (sku not in paired or _joined(w, S, i))]
    if not dead:
        return False
    id_ = dead[k % len(dead)]
    w.rows[S][id_].deleted = False
    w.event(id_, w.rows[S][id_].fields, "undelete")
    w.say("user undeletes", id_)
    return True


def late_commit(w: World, _k: int) -> bool:
    for id_, row in w.rows[N].items():
        if row.late and w.now >= row.late[0]:
            _, changes, stamp = row.late
            row.late = None
            w.lates -= 1
            if not row.deleted:
                w.say("late commit in N", id_, changes)
                w.save(N, id_, changes, ours=False, stamp=stamp)
            return True
    return False


def async_trigger(w: World, _k: int) -> bool:
    if not w.triggers:
        return False
    system, id_, changes = w.triggers.pop(0)
    if not w.rows[system][id_].deleted:
        w.say("trigger", system, id_, changes)
        w.save(system, id_, changes, ours=False)
    return True
