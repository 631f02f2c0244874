"""Moments as text: RFC 3339 on the outside, milliseconds since the epoch inside."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pivotal_sandbox.common.durations import DAY, SECOND
from pivotal_sandbox.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)\Z",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    try:
        return (_EPOCH + timedelta(days)).isoformat()[:10]
    except OverflowError:
        raise InputError("A moment lies in the years 1 to 9999.") from None


@lru_cache(maxsize=4096)
def _time(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def format_rfc3339(ms: int) -> str:
    """Return a moment (ms since the epoch) as UTC: "2026-05-24T08:00:00.000Z"."""
    days, ms = divmod(ms, DAY)
    second, ms = divmod(ms, SECOND)
    return f"{_date(days)}T{_time(second)}.{ms:03}Z"


def format_date(ms: int) -> str:
    """Return the day of a moment (ms since the epoch) in UTC: "2026-05-24"."""
    return _date(ms // DAY)


def parse_rfc3339(text: str) -> int:
    """Return the ms since the epoch that an RFC 3339 time names; finer digits are dropped.

    Raises `InputError` for any other text, a time without an offset included.
    """
    match = _RFC3339.match(text)
    if match is None:
        raise InputError(f'"{text[:40]}" is no RFC 3339 time such as "2026-05-24T08:00:00.000Z".')
    date, time, fraction, offset = match.groups()
    zone = "+00:00" if offset in "Zz" else offset
    try:
        whole = (datetime.fromisoformat(f"{date}T{time}{zone}") - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError) as error:
        raise InputError(f'"{text[:40]}" is no time that exists: {error}.') from None
    return whole + int((fraction or "")[:3].ljust(3, "0"))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(ms: int) -> datetime:
    """Return a moment (ms since the epoch) with its time zone, UTC."""
    return _EPOCH + timedelta(milliseconds=ms)
