"""Requests that were sent, for tests of what exports them: of ours, and of strangers'."""

from itertools import count

from hypothesis import strategies as st

from pivotal_sandbox.domain.models import Capture, Headers, Outcome, Request, Response, Timing
from pivotal_sandbox.exports.exchange import ExportedRequest, exported_capture

BASE = "http://h"
HEADERS = (("host", "h"), ("content-type", "application/json"), ("pivotal-signature", "v1,t=1"))

_ids = count()

# What a head can carry, a character for each byte; and what a path can.
LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=30)
NAMES = st.text("abcXYZ09-_.!#$%&'*+^`|~", min_size=1, max_size=12)
BELOW = st.one_of(
    st.just(""),
    st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20).map(lambda t: f"/{t}"),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")),
)


def sent(
    *,
    url: str = "http://h/hook",
    headers: Headers = HEADERS,
    body: bytes = b"{}",
    at: int = 0,
    status: int | None = 200,
    signed: bool = True,
    accepted: bool | None = True,
    title: str = "task.completed",
    id: str = "",
) -> ExportedRequest:
    """Return what a delivery's attempt sent."""
    outcome = None
    if status is not None:
        outcome = Outcome(Timing(3.0), Response(status, (), b""))
    return ExportedRequest(
        id or f"msg_{next(_ids)}",
        title,
        at,
        Request("POST", url, headers, body),
        outcome,
        accepted=accepted,
        signed=signed,
    )


def captured(
    *,
    bin: str = "a",
    method: str = "POST",
    below: str = "",
    headers: Headers = HEADERS,
    body: bytes = b"{}",
    at: int = 0,
    status: int | None = 200,
    signed: bool = False,
    verified: bool | None = None,
) -> ExportedRequest:
    """Return what came in at a bin."""
    path, question, query = below.partition("?")
    return exported_capture(
        Capture(
            f"cap_{next(_ids)}",
            bin,
            method,
            f"/in/{bin}{path}",
            query if question else "",
            headers,
            body,
            at,
            "127.0.0.1",
            signed,
            verified,
            None,
            "",
            status,
            None if status is None else 1.5,
        ),
        BASE,
    )


def strangers() -> st.SearchStrategy[ExportedRequest]:
    """Return what strangers post to /in/: anything that a head and a body can carry."""
    return st.builds(
        captured,
        bin=st.sampled_from(["a", "b-1"]),
        method=st.sampled_from(["POST", "PUT", "GET", "M-SEARCH"]),
        below=BELOW,
        headers=st.lists(st.tuples(NAMES, LATIN), max_size=3).map(tuple),
        body=BODIES,
        at=st.integers(0, 10_000),
        status=st.sampled_from([None, 200, 500]),
        signed=st.booleans(),
        verified=st.sampled_from([None, True, False]),
    )
