from asyncio import to_thread

import pytest

from pivotal_sandbox.cli.client import Client
from pivotal_sandbox.cli.trigger_output import all_delivered, print_triggered, waited_for
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.web.server import Running


async def test_a_delivery_to_our_receiver_is_waited_for_with_its_verdict(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client(running.url)
    body = {"type": "customer.at_risk"}
    answer = await to_thread(client.call, "POST", "events", body=body)
    deliveries = await to_thread(waited_for, client, answer["deliveries"], "10s")
    assert all_delivered(deliveries)
    print_triggered(answer["event"], deliveries)
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"customer.at_risk  {answer['event']['id']}"
    assert second.startswith(f"  delivered  {deliveries[0]['id']}  {running.endpoint.url}  200 in ")
    assert second.endswith("  Signature valid, 0 s old.")


async def test_one_that_failed_is_shown_with_its_fate(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    await running.sandbox.receiver.set_bin(Bin("demo", (Step(404),)))
    client = Client(running.url)
    answer = await to_thread(client.call, "POST", "events", body={"type": "customer.at_risk"})
    deliveries = await to_thread(waited_for, client, answer["deliveries"], "10s")
    assert not all_delivered(deliveries)
    print_triggered(answer["event"], deliveries)
    assert "404 in" in capsys.readouterr().out


def test_where_nothing_was_sent_nothing_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert all_delivered([])
    print_triggered({"type": "odd\x1b[2J", "id": "evt_1"}, [])
    assert capsys.readouterr().out == "odd\\x1b[2J  evt_1\n"
