"""Dates as a user sees and writes them: the user's format and zone (netsuite.md section 7.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DATE_FORMATS = {
    "MM/DD/YYYY": ("{m}/{d}/{y}", "%m/%d/%Y"),
    "DD/MM/YYYY": ("{d}/{m}/{y}", "%d/%m/%Y"),
    "YYYY-MM-DD": ("{y}-{m:02}-{d:02}", "%Y-%m-%d"),
    "DD.MM.YYYY": ("{d}.{m}.{y}", "%d.%m.%Y"),
}


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo("Etc/GMT" if name in ("GMT", "UTC") else name)


def parse_stamp(stamp: str) -> datetime:
    return datetime.strptime(stamp[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def local_stamp(stamp: str | None, time_zone: str) -> str | None:
    """A stored UTC stamp in another zone, same form."""
    if stamp is None or time_zone == "GMT":
        return stamp
    return parse_stamp(stamp).astimezone(zone(time_zone)).strftime("%Y-%m-%d %H:%M:%S")


def show_date(day: str, date_format: str) -> str:
    """'2026-11-03' -> '11/3/2026'."""
    y, m, d = (int(part) for part in day[:10].split("-"))
    return DATE_FORMATS[date_format][0].format(y=y, m=m, d=d)


def show_datetime(stamp: str, date_format: str, time_format: str, time_zone: str) -> str:
    """Minutes only, as the default display has them."""
    local = local_stamp(stamp, time_zone) or ""
    hour, minute = int(local[11:13]), local[14:16]
    clock = f"{hour % 12 or 12}:{minute} {'am' if hour < 12 else 'pm'}" if "a" in time_format else f"{hour}:{minute}"
    return f"{show_date(local, date_format)} {clock}"


def read_date(text: str, now: datetime, date_format: str, time_zone: str) -> tuple[str, bool] | None:
    """A filter's date as (stored UTC stamp, whether it had a time); None when the user's format doesn't fit.

    Knows `today`, `yesterday`, `daysagoN`, a date, a date with hours and minutes.
    """
    midnight = now.astimezone(zone(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    relative = re.fullmatch(r"(today|yesterday|daysago(\d+))", text.strip(), re.IGNORECASE)
    if relative:
        days = int(relative[2]) if relative[2] else int(relative[1].lower() == "yesterday")
        return _utc(midnight - timedelta(days=days)), False
    pattern = DATE_FORMATS[date_format][1]
    for form, timed in ((pattern, False), (f"{pattern} %I:%M %p", True), (f"{pattern} %H:%M", True)):
        try:
            moment = datetime.strptime(text.strip(), form).replace(tzinfo=zone(time_zone))
        except ValueError:
            continue
        return _utc(moment), timed
    return None


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
