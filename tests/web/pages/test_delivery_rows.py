"""Deliveries as lists show them."""

from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.pages.delivery_rows import place_of, rows_of, verdict_of


async def test_a_row_says_how_the_last_attempt_ended_where_nobody_answered(
    sandbox: Sandbox,
) -> None:
    await sandbox.add_endpoint("http://127.0.0.1:1/hook", description="CRM")
    await sandbox.dispatcher.settle()
    found, _ = await sandbox.deliveries.page(DeliveryFilter(), limit=2)
    refused, taken = await rows_of(sandbox, found)
    assert (refused.pill.word, refused.place) == ("Refused", "CRM")
    assert refused.pill.note.startswith("retry in 3")
    assert (taken.pill.word, taken.verdict) == ("200", "")


async def test_a_verdict_is_that_of_the_bin_that_got_it(sandbox: Sandbox) -> None:
    found, _ = await sandbox.deliveries.page(DeliveryFilter(), limit=1)
    [row] = await rows_of(sandbox, found, verdicts=True)
    assert row.verdict == "Signature valid, 0 s old."
    assert await verdict_of(sandbox, "msg_other", found[0].url, found[0].created_at) == ""
    assert await verdict_of(sandbox, found[0].id, "http://127.0.0.1:1/", 0) == ""


async def test_a_refused_signature_has_its_reason(sandbox: Sandbox) -> None:
    triggered = await sandbox.trigger("task.completed", fault="no-signature")
    await sandbox.dispatcher.settle()
    delivery = await sandbox.deliveries.get(triggered.deliveries[0].id)
    [row] = await rows_of(sandbox, [delivery], verdicts=True)
    assert row.verdict.endswith("(missing_header)")


def test_an_endpoint_without_a_name_is_called_by_its_address() -> None:
    assert place_of(None, "http://127.0.0.1:8000/x") == "127.0.0.1:8000/x"


async def test_lists_show_the_place(look: Look) -> None:
    assert "Built-in capture bin" in (await look("/deliveries")).main
