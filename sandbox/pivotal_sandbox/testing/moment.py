"""The sandbox's milliseconds as the standard library's moments."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ms: int) -> datetime:
    """Return a moment (ms since the epoch) with its time zone, UTC."""
    return _EPOCH + timedelta(milliseconds=ms)
