"""Each kind of step: what it takes, and what is wrong before it is done."""

from typing import Any

import msgspec
import pytest

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.scenarios.parser import KINDS
from pivotal_sandbox.scenarios.references import Scope
from pivotal_sandbox.scenarios.steps import Send, Step

EVENT = '{"id":"evt_1","type":"task.updated","data":{}}'


def checked(kind: str, **keys: Any) -> Scope:
    """Check a step of that kind, and return what is known after it."""
    scope = Scope(load_catalog(), {"app": "test", "live": "live"}, ("app", "old"))
    scope.give("acme", "customer")
    scope.give("sent")
    action: Step = msgspec.convert(keys, KINDS[kind])
    action.check(scope)
    return scope


@pytest.mark.parametrize(
    ("kind", "keys", "name", "object"),
    [
        ("create", {"object": "customer", "as": "new"}, "new", "customer"),
        ("change", {"record": "acme", "set": {"seats": 5}, "as": "new"}, "new", "customer"),
        ("delete", {"record": "acme", "as": "new"}, "new", None),
        ("trigger", {"type": "phase.changed", "as": "new"}, "new", "onboarding"),
        ("trigger", {"type": "webhook.ping", "endpoint": "app", "as": "new"}, "new", None),
        ("trigger", {"type": "customer.at_risk", "record": "acme", "as": "acme"}, "acme", None),
        ("send", {"to": "app", "body": EVENT, "as": "new"}, "new", None),
        ("replay", {"of": "sent", "as": "new"}, "new", None),
        ("replay", {"status": "failed", "as": "new"}, "new", None),
    ],
)
def test_what_a_step_names_is_known_after_it(
    kind: str, keys: dict[str, Any], name: str, object: str | None
) -> None:
    scope = checked(kind, **keys)
    scope.known(name)
    if object:
        assert scope.record(name) == object


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("trigger", {"type": "task.updated", "mode": "live", "endpoint": "live", "count": 3}),
        ("trigger", {"type": "task.updated", "data": {"title": "x"}, "fault": "burst"}),
        ("send", {"to": "app", "headers": [], "path": "/below?x=1"}),
        ("send", {"to": "app", "headers": [["X-A", "ü"]], "body_base64": "/w=="}),
        ("replay", {"of": "sent", "verbatim": True}),
        ("replay", {"of": "sent", "set": {"data.id": "$acme"}}),
        ("advance", {"by": "1d2h"}),
        ("bin", {"name": "old", "secret": "s", "behaviour": [{"hang": True}]}),
        ("endpoint", {"name": "app", "bin": "old", "enabled": False}),
        ("endpoint", {"name": "app", "url": "http://127.0.0.1:1", "field_filter": ["health"]}),
        ("rotate", {"endpoint": "app", "overlap": "1h"}),
        ("chaos", {"spec": ""}),
    ],
)
def test_what_is_right_passes(kind: str, keys: dict[str, Any]) -> None:
    checked(kind, **keys)


@pytest.mark.parametrize(
    ("kind", "keys", "pointer", "said"),
    [
        ("create", {"object": "custmer"}, "/object", 'Did you mean "customer"?'),
        ("create", {"object": "x"}, "/object", "There are: customer, contact"),
        ("create", {"object": "task", "set": {"a": "$b"}}, "/set/a", "No step before"),
        ("create", {"object": "task", "as": "a b"}, "/as", "is no name"),
        ("change", {"record": "acme", "set": {}}, "/set", "Say what to change"),
        ("change", {"record": "nobody", "set": {"a": 1}}, "/record", "No step before"),
        ("delete", {"record": "sent"}, "/record", "names is no record"),
        ("trigger", {"type": "customer.atrisk"}, "/type", "customer.at_risk"),
        ("trigger", {"type": "task.updated", "record": "acme"}, "/record", 'and "acme" is a cust'),
        ("trigger", {"type": "task.updated", "endpoint": "ap"}, "/endpoint", '"app"?'),
        ("trigger", {"type": "webhook.ping"}, "/endpoint", "goes to one endpoint"),
        (
            "trigger",
            {"type": "task.updated", "endpoint": "app", "mode": "live"},
            "/mode",
            "an endpoint of test mode",
        ),
        ("trigger", {"type": "task.updated", "fault": "burts"}, "/fault", '"burst"?'),
        ("trigger", {"type": "task.updated", "count": 0}, "/count", "from 1 to 10000"),
        ("trigger", {"type": "task.updated", "data": {"a": "$b"}}, "/data/a", "No step before"),
        ("send", {"to": "ap", "body": EVENT}, "/to", '"app"?'),
        ("send", {"to": "app", "body": "", "body_base64": ""}, "/body_base64", "Give one of"),
        ("send", {"to": "app", "body_base64": "%"}, "/body_base64", "no base64"),
        ("send", {"to": "app", "body": "{"}, "/body", "the body is an event"),
        ("send", {"to": "app", "body": "[]"}, "/body", "the body is an event"),
        ("send", {"to": "app", "body": '{"type":"a b"}'}, "/body", "the body is an event"),
        ("send", {"to": "app", "body": EVENT, "method": "G T"}, "/method", "is no method"),
        ("send", {"to": "app", "headers": [["a:", "b"]]}, "/headers/0", "no header"),
        ("send", {"to": "app", "headers": [["a", "b\n"]]}, "/headers/0", "no header"),
        ("send", {"to": "app", "headers": [["a", "b"], ["a", "→"]]}, "/headers/1", "no header"),
        ("send", {"to": "app", "body": EVENT, "path": "below"}, "/path", "begins with"),
        ("send", {"to": "app", "body": EVENT, "path": "/a b"}, "/path", "URL"),
        ("replay", {}, "/of", "Say what to replay"),
        ("replay", {"of": "nothing"}, "/of", "No step before"),
        ("replay", {"of": "sent", "verbatim": True, "set": {"a": 1}}, "/verbatim", "not edited"),
        ("advance", {"by": "1 h"}, "/by", "no duration"),
        ("bin", {"name": "x"}, "/name", "No endpoint leads"),
        ("bin", {"name": "app", "behaviour": []}, "/behaviour", "one step or more"),
        ("bin", {"name": "app", "secret": ""}, "/secret", "verifies nothing"),
        ("endpoint", {"name": "x"}, "/name", "There is no endpoint"),
        ("endpoint", {"name": "app", "url": "x"}, "/url", "URL"),
        ("endpoint", {"name": "app", "url": "http://x", "bin": "old"}, "/bin", "Give one of"),
        ("endpoint", {"name": "app", "bin": "x"}, "/bin", "No endpoint leads"),
        ("endpoint", {"name": "app", "events": ["x"]}, "/events/0", "no event type"),
        ("endpoint", {"name": "app", "field_filter": ["helth"]}, "/field_filter/0", '"health"?'),
        ("rotate", {"endpoint": "x"}, "/endpoint", "There is no endpoint"),
        ("rotate", {"endpoint": "app", "overlap": "x"}, "/overlap", "no duration"),
        ("chaos", {"spec": "5xx=200%"}, "/spec", "%"),
    ],
)
def test_what_is_wrong_is_told_by_its_key(
    kind: str, keys: dict[str, Any], pointer: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        checked(kind, **keys)
    assert caught.value.pointer == pointer
    assert said in str(caught.value)


def test_the_bytes_of_a_request_are_those_given() -> None:
    assert Send(to="app", body="Zoë\r\n").content() == b"Zo\xc3\xab\r\n"
    assert Send(to="app", body_base64="AP8=").content() == b"\x00\xff"
    assert Send(to="app").content() == b""


def test_a_request_is_signed_when_it_is_sent_unless_its_headers_are_given() -> None:
    assert Send(to="app", body=EVENT).signs
    assert not Send(to="app", headers=()).signs
    assert Send(to="app", headers=(), sign=True).signs
    assert Send(to="app", body=EVENT).type == "task.updated"


def test_a_kind_says_what_it_checks() -> None:
    with pytest.raises(NotImplementedError):
        Step().check(Scope(load_catalog(), {}, ()))
