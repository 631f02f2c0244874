"""Requests as a file for pytest, which sends the same bytes and judges the answers."""

from collections.abc import Sequence

from pivotal_sandbox.exports.exchange import ExportedRequest

_TOP = '''"""Requests that were sent once, sent again: made by pivotal-sandbox.

Each goes to the URL that it went to, or, where WEBHOOK_URL is set, to that one. Where
PIVOTAL_WEBHOOK_SECRET is set, what bore a right signature is signed anew by that secret; otherwise
the bytes are the old ones, signature included, and a receiver may find them too old.
"""

import os
import socket
import ssl
import time
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

import pytest

from pivotal_sandbox import sign

SECRET = os.environ.get("PIVOTAL_WEBHOOK_SECRET")
URL = os.environ.get("WEBHOOK_URL")
TIMEOUT_S = 30

# method, URL, headers, body, whether it bears a right signature, whether it is to be accepted
REQUESTS = [
'''

_BOTTOM = ''']


def send(method, url, headers, body):
    """Send these bytes; return the status and the body of the answer. Fail if there is none."""
    place = urlsplit(url)
    target = "/" + url.partition("://")[2].partition("/")[2]
    head = "".join(f"{name}: {value}\\r\\n" for name, value in headers)
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        chunk = b"%x\\r\\n%b\\r\\n" % (len(body), body) if body else b""
        body = chunk + b"0\\r\\n\\r\\n"
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        with socket.create_connection((place.hostname, port), timeout=TIMEOUT_S) as connection:
            if place.scheme == "https":
                tls = ssl.create_default_context()
                connection = tls.wrap_socket(connection, server_hostname=place.hostname)
            with connection, HTTPResponse(connection, method=method) as answer:
                head = f"{method} {target} HTTP/1.1\\r\\n{head}\\r\\n"
                connection.sendall(head.encode("latin-1") + body)
                answer.begin()
                return answer.status, answer.read()
    except (OSError, HTTPException) as error:
        pytest.fail(f"There is no answer from {url}: {error!r}", pytrace=False)


@pytest.mark.parametrize(("method", "url", "headers", "body", "signed", "accepted"), REQUESTS)
def test_it_is_answered_as_it_should_be(method, url, headers, body, signed, accepted):
    if URL:
        url = URL
        headers = [(n, urlsplit(url).netloc if n.lower() == "host" else v) for n, v in headers]
    if SECRET and signed:
        fresh = sign(body, SECRET, timestamp=int(time.time()))
        headers = [(n, fresh if n.lower() == "pivotal-signature" else v) for n, v in headers]
    status, answer = send(method, url, headers, body)
    if accepted is None:
        assert status < 500, answer
    else:
        assert (200 <= status < 300) is accepted, f"{status}: {answer[:500]}"
'''


def pytest_file(requests: Sequence[ExportedRequest]) -> str:
    """Return the file, all of it ASCII: what strangers wrote is literals of text and bytes."""
    return _TOP + "".join(_case(request) for request in requests) + _BOTTOM


def _case(exported: ExportedRequest) -> str:
    request = exported.request
    headers = "".join(f"            ({name!a}, {value!a}),\n" for name, value in request.headers)
    return (
        "    pytest.param(\n"
        f"        {request.method!a},\n"
        f"        {request.url!a},\n"
        f"        [\n{headers}        ],\n"
        f"        {request.body!r},\n"
        f"        {exported.signed},\n"
        f"        {exported.accepted},\n"
        f"        id={exported.id!a},\n"
        "    ),\n"
    )
