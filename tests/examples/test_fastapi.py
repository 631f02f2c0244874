"""A FastAPI receiver, and what Pivotal does to it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, Response

from pivotal_sandbox import SignatureError, verify
from pivotal_sandbox.testing import Pivotal

SECRET = "whsec_of_this_example"
app = FastAPI()
at_risk: dict[str, str] = {}


@app.post("/webhooks/pivotal")
async def receive(request: Request) -> Response:
    body = await request.body()
    try:
        verify(body, request.headers.get("pivotal-signature"), SECRET)
    except SignatureError:
        return Response(status_code=401)
    if app.state.is_down:
        return Response(status_code=503)
    event = await request.json()
    if event["type"] == "customer.at_risk":
        at_risk.setdefault(event["id"], event["data"]["name"])
    return Response(status_code=204)


@pytest.fixture(autouse=True)
def endpoint(pivotal: Pivotal) -> Iterator[None]:
    app.state.is_down = False
    pivotal.endpoint(app, secret=SECRET)
    yield
    at_risk.clear()


def test_a_customer_at_risk_is_noticed(pivotal: Pivotal) -> None:
    delivery = pivotal.trigger("customer.at_risk", {"name": "Ærø Rederi"})
    assert delivery.ok
    assert list(at_risk.values()) == ["Ærø Rederi"]


def test_an_event_that_comes_twice_counts_once(pivotal: Pivotal) -> None:
    assert pivotal.trigger("customer.at_risk", fault="duplicate").ok
    assert len(at_risk) == 1


def test_an_outage_of_a_day_loses_nothing(pivotal: Pivotal) -> None:
    app.state.is_down = True
    delivery = pivotal.trigger("customer.at_risk")
    pivotal.advance("23h")
    assert delivery.status == "retrying"
    app.state.is_down = False
    pivotal.advance("1h")
    assert delivery.ok
    assert len(delivery.attempts) == 15


def test_a_forged_event_is_refused(pivotal: Pivotal) -> None:
    forged = pivotal.trigger("customer.at_risk", fault="wrong-secret")
    assert forged.last
    assert forged.last.status_code == 401
    assert not at_risk
