"""Date literals of SOQL: each is a half-open range of time, days in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops.sandbox.salesforce.values import day_start


def span(literal: str, now: datetime) -> tuple[datetime, datetime]:
    """(first moment, first moment after). `literal` as in the query, in any case."""
    word, _, count = literal.lower().partition(":")
    today = day_start(now)
    days = {"yesterday": -1, "today": 0, "tomorrow": 1}
    if word in days:
        return day_start(now, days[word]), day_start(now, days[word] + 1)
    if word in {"last_n_days", "last_90_days"}:
        return day_start(now, -int(count or 90)), day_start(now, 1)
    if word in {"next_n_days", "next_90_days"}:
        return day_start(now, 1), day_start(now, int(count or 90) + 1)
    if word == "n_days_ago":
        return day_start(now, -int(count)), day_start(now, 1 - int(count))
    which, unit = word.split("_")
    shift = {"last": -1, "this": 0, "next": 1}[which]
    return _shifted(today, unit, shift), _shifted(today, unit, shift + 1)


def _shifted(today: datetime, unit: str, by: int) -> datetime:
    """Start of the week (Sunday), month, quarter or year, `by` units away."""
    if unit == "week":
        return today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=by)
    if unit == "year":
        return today.replace(year=today.year + by, month=1, day=1)
    width = 3 if unit == "quarter" else 1
    month = (today.month - 1) // width * width + by * width
    return today.replace(year=today.year + month // 12, month=month % 12 + 1, day=1)
