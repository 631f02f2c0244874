"""One delivery: attempts, bytes, verdict, comparison, explanation."""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.common.durations import MINUTE
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

Trigger = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def failed_twice(client: httpx.AsyncClient, trigger: Trigger, sandbox: Sandbox) -> str:
    """A delivery that failed twice, and is tried again."""
    steps = [{"status": 503, "body": '{"error": "busy"}'}, {"status": 500}]
    await client.put("/api/bins/demo", json={"behaviour": steps})
    delivery: str = (await trigger(type="customer.at_risk"))["deliveries"][0]["id"]
    await sandbox.dispatcher.settle()
    await sandbox.advance(MINUTE)
    return delivery


async def test_it_shows_what_was_sent_and_what_came_back(look: Look, failed_twice: str) -> None:
    page = await look(f"/deliveries/{failed_twice}", attempt=1)
    sent, came_back = (
        section.text
        for section in page.all("section")
        if section.attributes.get("aria-label") in ("Request", "Response")
    )
    assert '"type": "customer.at_risk"' in sent
    assert "pivotal-signaturev1,t=" in sent.replace(": ", "")
    assert "POST /in/demo HTTP/1.1" in sent
    assert "000000 7b 22 69 64" in sent
    assert "503" in came_back
    assert '"error": "busy"' in came_back


async def test_the_fate_and_the_verdict_are_sentences(look: Look, failed_twice: str) -> None:
    page = await look(f"/deliveries/{failed_twice}")
    [verdicts] = page.with_class("verdicts")
    assert verdicts.text.startswith("Pivotal retries until 00:00 tomorrow UTC.")
    assert "The bin says: Signature valid" in verdicts.text


async def test_the_timeline_has_what_was_tried_and_what_is_planned(
    look: Look, failed_twice: str
) -> None:
    page = await look(f"/deliveries/{failed_twice}")
    assert len(page.with_class("planned")) == 13
    labels = [
        a.attributes["aria-label"]
        for a in page.all("a")
        if a.attributes.get("aria-label", "").startswith("Attempt")
    ]
    assert [label.partition(",")[0] for label in labels] == ["Attempt 1: 503", "Attempt 2: 500"]
    assert page.with_class("deadline")
    assert "Next attempt in" in page.find("div", class_="timeline").text


async def test_an_attempt_that_is_not_there_is_said_to_be_none(
    look: Look, failed_twice: str
) -> None:
    page = await look(f"/deliveries/{failed_twice}", code=404, attempt=9)
    assert 'There is no attempt "9": 2 were made.' in page.main


async def test_two_attempts_are_compared(look: Look, failed_twice: str) -> None:
    page = await look(f"/deliveries/{failed_twice}", attempt=2, diff=1)
    gone = [tag.text for tag in page.with_class("gone")]
    new = [tag.text for tag in page.with_class("new")]
    assert "- 503" in gone
    assert "+ 500" in new


async def test_two_deliveries_are_compared(look: Look, failed_twice: str, running: Running) -> None:
    [*_, first] = (await look("/deliveries")).all("input", name="id")
    other = first.attributes["value"]
    page = await look(f"/deliveries/{failed_twice}", diff=other)
    assert any("customer.at_risk" in tag.text for tag in page.with_class("new"))
    page = await look(f"/deliveries/{failed_twice}", code=404, diff="7")
    assert "to compare with" in page.main


async def test_the_same_is_said_to_be_the_same(look: Look, failed_twice: str) -> None:
    assert "The same to the byte." in (await look(f"/deliveries/{failed_twice}", diff=2)).main


async def test_an_attempt_leads_to_what_changed_since_the_one_before(
    look: Look, failed_twice: str
) -> None:
    [link] = (await look(f"/deliveries/{failed_twice}")).with_class("since")
    assert link.text == "What changed since 1"
    page = await look(link.attributes["href"])
    assert "- 503" in page.with_class("diff")[0].text


async def test_it_is_copied_with_a_signature_that_holds(
    look: Look, failed_twice: str, client: httpx.AsyncClient
) -> None:
    page = await look(f"/deliveries/{failed_twice}")
    [curl, httpie, test, archive] = [
        button.attributes["data-copy"]
        for button in page.with_class("copy")
        if button.attributes["aria-label"].startswith("Copy as ")
    ]
    assert curl.startswith("curl -sS")
    assert "| http --ignore-netrc --path-as-is POST http" in httpie
    compile(test, "test_it.py", "exec")
    assert json.loads(archive)["log"]["entries"][0]["response"]["status"] == 500


async def test_why_a_signature_does_not_match_is_explained(
    look: Look, failed_twice: str, running: Running, sandbox: Sandbox
) -> None:
    [*_, attempt] = await sandbox.deliveries.attempts(failed_twice)
    body = (
        await sandbox.deliveries.event((await sandbox.deliveries.get(failed_twice)).event_id)
    ).body
    timestamp = (
        dict(attempt.request_headers)["pivotal-signature"].partition("t=")[2].partition(",")[0]
    )
    again = json.dumps(json.loads(body)).encode()
    wrong = hmac.digest(
        running.endpoint.secret.encode(), f"{timestamp}.".encode() + again, hashlib.sha256
    )
    page = await look(f"/deliveries/{failed_twice}", computed=base64.b64encode(wrong).decode())
    [answer] = page.with_class("answer")
    assert "json.dumps" in answer.text
    assert "Mend:" in answer.text
    assert running.endpoint.secret not in page.answer.text


async def test_a_refused_connection_is_said_and_why(look: Look, sandbox: Sandbox) -> None:
    endpoint = await sandbox.add_endpoint("http://127.0.0.1:1/hook")
    await sandbox.dispatcher.settle()
    [newest, *_] = (await look("/deliveries", endpoint_id=endpoint.id)).all("input", name="id")
    page = await look(f"/deliveries/{newest.attributes['value']}")
    assert page.with_class("problem")[-1].text.startswith("Refused")
    assert "Signed with this endpoint's secret." in page.main
    await sandbox.delete_endpoint(endpoint.id)
    page = await look(f"/deliveries/{newest.attributes['value']}")
    assert "The endpoint is gone, and its secret with it." in page.main
    assert "(deleted)" in page.main


async def test_bodies_are_files_that_no_browser_runs(
    client: httpx.AsyncClient, failed_twice: str, sandbox: Sandbox
) -> None:
    delivery = await sandbox.deliveries.get(failed_twice)
    answer = await client.get(f"/deliveries/{failed_twice}/body")
    assert answer.content == (await sandbox.deliveries.event(delivery.event_id)).body
    answer = await client.get(f"/deliveries/{failed_twice}/body?side=response&attempt=1")
    assert answer.content == b'{"error": "busy"}'
    assert answer.headers["content-disposition"].startswith("attachment; ")
    pending = await sandbox.add_endpoint("http://127.0.0.1:1/")
    await sandbox.dispatcher.settle()
    refused = (await client.get("/api/deliveries", params={"endpoint_id": pending.id})).json()
    path = f"/deliveries/{refused['items'][0]['id']}/body?side=response"
    assert (await client.get(path)).status_code == 404


async def test_a_spoilt_body_is_shown_as_it_was_sent(
    look: Look, client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    triggered = await sandbox.trigger("customer.at_risk", fault="invalid-json")
    await sandbox.dispatcher.settle()
    page = await look(f"/deliveries/{triggered.deliveries[0].id}")
    assert "No JSON: " in page.main
    assert "invalid-json" in page.main


async def test_another_event_that_no_one_answered_is_compared(
    look: Look, sandbox: Sandbox, failed_twice: str
) -> None:
    endpoint = await sandbox.add_endpoint("http://127.0.0.1:1/hook")
    await sandbox.dispatcher.settle()
    [other, *_] = (await look("/deliveries", endpoint_id=endpoint.id)).all("input", name="id")
    page = await look(f"/deliveries/{failed_twice}", diff=other.attributes["value"])
    assert "- Refused" in [tag.text for tag in page.with_class("gone")]
