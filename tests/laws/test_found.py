"""Schedules that the search found, by name: what they showed stays mended, and what looked like a loss stays told and heals by itself."""

from __future__ import annotations

from streams.rules import CODE, NETSUITE_ID, STATUS
from tests.laws.check import check
from tests.laws.entity import N, S
from tests.laws.schedule import Schedule, drain, mend, play, verdict
from tests.laws.world import World

#: on_delete = inactivate. The record deleted in NetSuite is made anew there by hand, with a `b` that Salesforce refuses.
MADE_ANEW = Schedule(770, 382984959, (("user_delete", 62573), ("late_commit", 15569), ("sink_take", 25767), ("n_poll", 45276), ("user_new", 36207)))
#: on_delete = restore. The record is deleted in NetSuite, and its owner types an `a` that NetSuite refuses.
NOT_RESTORED = Schedule(1793, 475852718, (("user_delete", 9189), ("user_edit", 2060)))

#: on_delete = ignore. The account deleted in Salesforce is made anew, and names one that NetSuite refuses: what NetSuite should get waits.
WAITS = Schedule(257, 411489867, (("user_delete", 1216), ("user_new", 45836), ("user_new", 52686), ("user_edit", 30270)))
#: on_delete = restore. NetSuite says "7" for `d`, then the record is deleted in both systems, one after the other.
SAID_BEFORE = Schedule(
    1793,
    544575112,
    (("user_edit", 28417), ("n_poll", 31227), ("n_poll", 9143), ("n_poll", 35660), ("user_delete", 41287), ("user_delete", 28640)),
)
#: on_delete = inactivate. In Salesforce somebody saves `active` as it is; then the record is deleted in NetSuite and made anew there by hand.
SAVED_AS_IT_WAS = Schedule(772, 568217457, (("n_poll", 41932), ("user_edit", 44338), ("user_edit", 0), ("user_delete", 26263), ("user_new", 3)))
#: on_delete = inactivate. The owner switches the record off, before it is deleted in NetSuite and made anew there by hand.
OFF_BEFORE = Schedule(770, 451614349, (("user_edit", 278), ("user_delete", 40367), ("user_new", 60759)))
#: on_delete = restore. A person in NetSuite makes the deleted record anew, a moment before we do.
MADE_TWICE = Schedule(
    1793,
    884339513,
    (
        *(("user_delete", 32307), ("s_deliver", 1), ("sink_send", 30808), ("n_poll", 1), ("n_poll", 3)),
        *(("user_new", 2), ("n_poll", 3), ("n_poll", 0), ("user_new", 3)),
    ),
)
#: on_delete = ignore. Deleted in Salesforce and made anew there by hand, and accepted in NetSuite before what Salesforce says of `c` got across.
ACCEPTED_AT_ONCE = Schedule(260, 1019855554, (("user_delete", 20330), ("user_new", 12012), ("user_edit", 4644), ("user_edit", 15729)))
FOUND = (MADE_ANEW, NOT_RESTORED, WAITS, SAID_BEFORE, SAVED_AS_IT_WAS, OFF_BEFORE, MADE_TWICE, ACCEPTED_AT_ONCE)


def living(w: World, system: str) -> list[dict[str, str | None]]:
    return [row.fields for row in w.rows[system].values() if not row.deleted]


def test_a_farewell_is_not_passed_on_to_the_record_made_anew_while_its_undoing_is_refused() -> None:
    """Seed 1070153460212. We switched the customer off in Salesforce because NetSuite had deleted it; a new one took its place, but the write
    that switches it on again also held a value that Salesforce refuses. Our own "inactive" is no word of the owner's: passed on to the new
    record, both would be off, nothing would say that we did it, and nobody would ever switch them on."""
    w = play(MADE_ANEW)
    check(w)
    [there], [here] = living(w, N), living(w, S)
    assert (here["active"], there["active"]) == ("false", "true")
    assert (there[STATUS], there[CODE]) == ("rejected", "bad"), "why they differ stands where it can be mended"
    mend(w, back=False)
    [there], [here] = living(w, N), living(w, S)
    assert (here["active"], there["active"], here["b"]) == ("true", "true", "6")
    assert here[NETSUITE_ID] == "n2"


def test_a_restore_that_is_refused_is_told_and_follows_the_mend() -> None:
    """Seed 9006567. NetSuite refuses what the record would be made anew with: it can't be there again before somebody mends the value. Untold,
    the shop would lack a record and nobody would know."""
    w = play(NOT_RESTORED)
    check(w)
    [here] = living(w, S)
    assert not living(w, N)
    assert (here[STATUS], here[CODE]) == ("rejected", "bad")
    mend(w, back=False)
    [there], [here] = living(w, N), living(w, S)
    assert there["a"] == here["a"] == "6"
    assert here[CODE] is None


def test_a_bad_edit_that_is_taken_back_is_no_trouble_any_more() -> None:
    """Nothing is wanted then, so no write ever proved it: the record read "rejected" for ever, and who mends records had it on the list for ever."""
    w = play(Schedule(258, 0, ()))
    [here] = living(w, S)
    w.save(S, "s1", {"a": "4"}, ours=False)
    drain(w)
    assert here[STATUS] == "rejected"
    w.save(S, "s1", {"a": "1"}, ours=False)
    drain(w)
    check(w)
    assert (here[STATUS], here[CODE]) == ("synced", None)


def test_a_word_of_ours_waits_with_the_write_that_waits_and_goes_with_it() -> None:
    """Seed 20001007689. A write waits whole, our status fields in it too: sent ahead they would take its place in the queue, each time anew. Until the
    record that it names is mended, NetSuite reads what was true before; afterwards it must not read so any more."""
    w = play(WAITS)
    check(w)
    [there] = living(w, N)
    assert (there[STATUS], there[CODE]) == ("missing", "deleted_in_salesforce")
    [key] = w.parked[N]
    assert w.records[key].wanted[N].items() >= {STATUS: "synced", CODE: None}.items()
    mend(w, back=False)
    assert not w.parked[N]
    assert {(row[STATUS], row[CODE]) for row in (*living(w, N), *living(w, S))} == {("synced", None)}


def test_what_only_the_deleted_record_had_said_stays_with_the_other_side() -> None:
    """Seed 735727541. What can't be given to the record that is made anew (`d`) would be blanked in Salesforce by that one's emptiness: gone in both."""
    w = play(SAID_BEFORE)
    check(w)
    [there], [here] = living(w, N), living(w, S)
    assert (there["d"], here["d"], here[NETSUITE_ID]) == (None, "7", "n2")


def test_a_farewell_is_undone_though_somebody_had_saved_the_field_before_it() -> None:
    """What we switched off is switched on again when the record is back; a save of the same value, long before, is no reason to leave it off."""
    w = play(SAVED_AS_IT_WAS)
    check(w)
    [there], [here] = living(w, N), living(w, S)
    assert (here["active"], there["active"], here[NETSUITE_ID]) == ("true", "true", "n2")


def test_what_its_owner_switched_off_stays_off_when_the_other_is_made_anew() -> None:
    """Found off at the deletion it was taken for switched off by us, and switched on when the record was there again: over its owner's word."""
    w = play(OFF_BEFORE)
    check(w)
    [there], [here] = living(w, N), living(w, S)
    assert (here["active"], there["active"], here[NETSUITE_ID]) == ("false", "false", "n2")


def test_what_a_person_makes_anew_beside_our_restore_is_told_as_a_double() -> None:
    """The poll can't have seen it yet (decision 12). Joined with nobody and untold, the orders and edits on it would reach nobody."""
    w = play(MADE_TWICE)
    check(w)
    [theirs] = [row for row in living(w, N) if row[CODE]]
    [ours] = [row for row in living(w, N) if row["sku"] == theirs["sku"] and row is not theirs]
    assert (theirs[STATUS], theirs[CODE]) == ("waiting", "ambiguous_match")
    assert ours["key"] == "thing-salesforce-s1"


def test_these_schedules_break_no_law() -> None:
    """With everything that the search does after quiet: all inputs again, everything read again, what was refused mended."""
    for schedule in FOUND:
        for zombies in (False, True):
            assert verdict(schedule, zombies=zombies) is None
