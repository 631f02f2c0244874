"""Requests that nobody would make, by the thousand: each gets an answer, and none a 5xx."""

import http.client
import json
import os
from urllib.parse import quote, urlsplit

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pivotal_sandbox.web.api.operations import OPERATIONS
from pivotal_sandbox.web.operation import Operation

EXAMPLES = int(os.environ.get("ANY_REQUEST_EXAMPLES", "300"))
WORDS = st.sampled_from(
    [
        *("customer", "task", "customer.at_risk", "demo", "test", "live", "id", "delivered"),
        *("whsec_x", "0s", "1h", "-1", "2026-01-01T00:00:00Z", "null", "\x00", "ø", "a" * 300),
    ]
)
TEXT = WORDS | st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=12,
)
NAMES = sorted(
    {
        name
        for operation in OPERATIONS
        for kind in (operation.query, operation.body)
        if kind
        for name in kind.__struct_fields__
    }
    # These would wait, and replaying all again and again is a load test, not this one.
    - {"wait", "timeout", "filter"}
)
FIELDS = st.dictionaries(st.sampled_from(NAMES), TEXT | JSON, max_size=5)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "accept", "origin", "range", "x-any", "cookie", "expect"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    max_size=3,
)
BODY = st.none() | st.binary(max_size=200) | (FIELDS | JSON).map(lambda v: json.dumps(v).encode())
SKIPPED = {"/api/stream", "/api/wait"}  # one never ends, the other takes its time


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(
    operation=st.sampled_from(
        [operation for operation in OPERATIONS if operation.path not in SKIPPED]
    ),
    method=st.none() | st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    params=st.lists(TEXT, min_size=3, max_size=3),
    query=FIELDS | st.text(max_size=30),
    headers=HEADERS,
    body=BODY,
)
def test_each_gets_an_answer_and_none_a_5xx(
    up_url: str,
    operation: Operation,
    method: str | None,
    params: list[str],
    query: dict[str, object] | str,
    headers: dict[str, str],
    body: bytes | None,
) -> None:
    path: str = operation.path
    for name, value in zip(("id", "object", "type"), params, strict=True):
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    path = path.replace("{bin}", quote(params[0], safe=""))
    given = query if isinstance(query, str) else "&".join(f"{k}={v}" for k, v in query.items())
    connection = http.client.HTTPConnection(urlsplit(up_url).netloc, timeout=30)
    try:
        connection.request(
            method or operation.method,
            f"{path}?{quote(given, safe='=&')}",
            body,
            headers,
        )
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    assert answer.status < 500, (answer.status, content[:500])
    if answer.status >= 400 and content:
        assert answer.headers["content-type"] in ("application/problem+json", "text/plain")
