"""What a step does, in a few words."""

from typing import Any

import msgspec
import pytest

from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.scenarios.descriptions import (
    _WORDS,
    describe_bin,
    describe_endpoint,
    describe_step,
)
from pivotal_sandbox.scenarios.executor import _HANDLERS
from pivotal_sandbox.scenarios.expectations import Expectation
from pivotal_sandbox.scenarios.parser import KINDS, Target

URL = "http://127.0.0.1:8400/in/app"


@pytest.mark.parametrize(
    ("kind", "keys", "said"),
    [
        ("create", {"object": "task"}, "create task"),
        (
            "create",
            {"object": "task", "as": "t", "set": {"a": {"b": "x" * 80}, "c": "$null", "d": [1]}},
            f'create task t: a.b "{"x" * 59}…, c null, d [1]',
        ),
        ("change", {"record": "t", "set": {"a": "b"}}, 'change t: a "b"'),
        ("delete", {"record": "t"}, "delete t"),
        ("trigger", {"type": "task.updated"}, "trigger task.updated"),
        (
            "trigger",
            {
                "type": "task.updated",
                "count": 3,
                "record": "t",
                "endpoint": "app",
                "fault": "burst",
                "data": {"a": 1},
                "set": {"b": True},
            },
            "trigger task.updated × 3 of t to app with the fault burst: a 1, b true",
        ),
        (
            "send",
            {"to": "app", "body": "{}", "headers": [], "path": "/x"},
            "send 2 bytes to app/x, as given",
        ),
        ("send", {"to": "app", "body": "{"}, "send 1 byte to app, signed anew"),
        ("replay", {"of": "x"}, "replay the deliveries of x"),
        ("replay", {"status": "failed"}, "replay the failed deliveries"),
        (
            "replay",
            {"of": "x", "status": "failed", "verbatim": True},
            "replay the failed deliveries of x, byte for byte",
        ),
        ("replay", {"of": "x", "set": {"a": 1}}, "replay the deliveries of x: a 1"),
        ("advance", {"by": "3h"}, "3h pass"),
        ("bin", {"name": "app", "behaviour": [500, 200]}, "bin app answers 500, then 200"),
        ("endpoint", {"name": "app", "enabled": False}, "endpoint app is disabled"),
        ("endpoint", {"name": "app", "enabled": True}, "endpoint app is enabled"),
        (
            "endpoint",
            {"name": "app", "bin": "b", "events": ["*"], "field_filter": []},
            "endpoint app is moved to bin b and given the types * and given the filter none",
        ),
        ("endpoint", {"name": "app", "url": URL}, f"endpoint app is moved to {URL}"),
        ("rotate", {"endpoint": "a"}, "rotate the secret of a, both sign for 24h"),
        ("chaos", {"spec": "5xx=1%"}, "chaos: 5xx=1%"),
        ("chaos", {"spec": ""}, "no more chaos"),
    ],
)
def test_a_step_says_what_it_does(kind: str, keys: dict[str, Any], said: str) -> None:
    assert describe_step(msgspec.convert(keys, KINDS[kind])) == said


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ([200], "bin a answers 200"),
        ([500, {"delay": "2s"}], "bin a answers 500, then 200 after 2s"),
        ([{"hang": True}], "bin a answers nothing, and hangs"),
        ([{"reset": True}, 200, 201], "bin a answers by a reset, 200, then 201"),
    ],
)
def test_a_bin_says_how_it_answers(behaviour: object, said: str) -> None:
    assert describe_bin("a", parse_behavior(behaviour)) == said


def test_an_endpoint_says_what_it_wants_and_where() -> None:
    assert describe_endpoint("a", Target(bin="b"), URL) == "endpoint a wants every type, at bin b"
    target = Target(bin="b", mode="live", events=["x.y", "z"], field_filter=["health"])
    said = "live endpoint a wants x.y, z where health changed, at http://127.0.0.1:1"
    assert describe_endpoint("a", target, "http://127.0.0.1:1") == said


def test_every_kind_of_step_that_does_something_has_words_and_is_done() -> None:
    doing = {kind for kind in KINDS.values() if not issubclass(kind, Expectation)}
    assert set(_WORDS) == doing
    assert set(_HANDLERS) == doing
