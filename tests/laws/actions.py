"""All that can happen, by name."""

from __future__ import annotations

from tests.laws import feeds, sinks, stages, users
from tests.laws.world import Action

ACTIONS: dict[str, Action] = {
    f.__name__: f
    for f in (
        users.user_edit, users.user_new, users.user_delete, users.user_undelete, users.late_commit, users.async_trigger,
        feeds.s_deliver, feeds.s_repeat, feeds.n_poll, feeds.reader,
        stages.resolve_step, stages.reconcile_step, stages.match_step, stages.open_creates, stages.streams_links,
        sinks.sink_links, sinks.sink_take, sinks.sink_send, sinks.land, sinks.sink_answer, sinks.crash,
    )
}  # fmt: skip
#: What goes on by itself until nothing moves any more.
WORK = (
    "late_commit", "async_trigger", "s_deliver", "reader", "resolve_step", "reconcile_step", "match_step", "open_creates", "streams_links",
    "sink_links", "sink_take", "sink_send", "land", "sink_answer",
)  # fmt: skip
