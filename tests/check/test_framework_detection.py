"""Stacks are told by their headers, or not at all."""

import pytest

from pivotal_sandbox.check.framework_detection import detect_stack
from pivotal_sandbox.check.model import Exchange


@pytest.mark.parametrize(
    ("headers", "stack"),
    [
        ({"Server": "Werkzeug/3.1.9 Python/3.11.7"}, "flask"),
        ({"Server": "WSGIServer/0.2 CPython/3.11.7"}, "django"),
        ({"server": "uvicorn"}, "starlette"),
        ({"Server": "Python/3.11 aiohttp/3.14.5"}, "aiohttp"),
        ({"X-Powered-By": "Express"}, "express"),
        ({"X-Powered-By": "PHP/8.2.29"}, "php"),
        ({"Keep-Alive": "timeout=5", "Connection": "keep-alive"}, "node"),
        ({"Server": "nginx", "Keep-Alive": "timeout=5"}, ""),
        ({"Server": "Jetty(12.0)"}, "java"),
        (
            {
                "Content-Type": "text/plain; charset=utf-8",
                "X-Content-Type-Options": "nosniff",
                "Date": "Fri, 27 Nov 2026 18:58:49 GMT",
                "Content-Length": "14",
            },
            "go",
        ),
        (
            {
                "Content-Type": "text/plain; charset=utf-8",
                "X-Content-Type-Options": "nosniff",
                "Strict-Transport-Security": "max-age=1",
            },
            "",
        ),
        ({}, ""),
    ],
)
def test_stack_is_detected_from_headers(headers: dict[str, str], stack: str) -> None:
    exchange = Exchange(b"", 0, 200, None, b"", 1.0, response_headers=tuple(headers.items()))
    assert detect_stack(exchange) == stack
