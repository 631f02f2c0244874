import json
import random

import pytest

from pivotal_sandbox import verify
from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.load.request_factory import STOCK, RequestFactory

SECRET = "whsec_of_a_load"
URL = "http://127.0.0.1:8000/hook?a=b"


def request_factory() -> RequestFactory:
    return RequestFactory(URL, SECRET, load_catalog(), random.Random(7))


def taken(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def test_each_request_is_signed_and_as_the_sandbox_sends_it() -> None:
    first, headers, body = taken(request_factory().next())
    assert first == "POST /hook?a=b HTTP/1.1"
    verify(body, headers["pivotal-signature"], SECRET)
    event = json.loads(body)
    assert (event["type"], list(event)) == (
        headers["pivotal-event"],
        ["id", "type", "created_at", "data"],
    )
    real = build_request("msg_1", event["type"], body, url=URL, secrets=[SECRET], timestamp=0)
    assert list(headers) == [name for name, _ in real.headers]
    assert headers["content-length"] == str(len(body))


def test_all_event_types_but_the_ping_come_in_turn_and_fit_their_schemas() -> None:
    source, catalog = request_factory(), load_catalog()
    events = [json.loads(taken(source.next())[2]) for _ in range(len(catalog) - 1)]
    assert {event["type"] for event in events} == {event_type.name for event_type in catalog} - {
        "webhook.ping"
    }
    for event in events:
        Schema(catalog.get(event["type"]).schema).check(event["data"])


def test_no_id_comes_twice_whether_made_one_by_one_or_in_stock() -> None:
    source = request_factory()
    requests = [source.from_stock() for _ in range(3 * STOCK)] + [source.next() for _ in range(50)]
    seen = [taken(request) for request in requests]
    assert len({json.loads(body)["id"] for *_, body in seen}) == len(requests)
    assert len({headers["pivotal-delivery-id"] for _, headers, _ in seen}) == len(requests)


def test_what_is_in_stock_is_signed_now() -> None:
    _, headers, _ = taken(request_factory().from_stock())
    made = int(headers["pivotal-signature"].split(",")[1].removeprefix("t="))
    assert abs(wall_time() - made) < 5


def test_what_was_long_in_stock_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def timestamp() -> int:
        _, headers, _ = taken(source.from_stock())
        return int(headers["pivotal-signature"].split(",")[1].removeprefix("t="))

    source = request_factory()
    made = timestamp()
    monkeypatch.setattr("pivotal_sandbox.load.request_factory.wall_time", lambda: made + 20.0)
    source.freshen()
    assert timestamp() == made
    monkeypatch.setattr("pivotal_sandbox.load.request_factory.STOCK_S", 0.0)
    source.freshen()
    assert timestamp() == made + 20


def test_a_catalog_of_pings_only_is_no_load() -> None:
    ping = load_catalog().get("webhook.ping")
    with pytest.raises(InputError, match="no event type but"):
        RequestFactory(URL, SECRET, Catalog([ping]), random.Random(7))
