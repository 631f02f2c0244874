import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result

from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

Ask = Callable[..., Awaitable[Result]]
Run = Callable[..., Result]


async def test_wait_shows_what_was_delivered_and_how_it_was_judged(
    ask: Ask, running: Running
) -> None:
    said = await ask("trigger", "customer.at_risk", "--wait")
    assert (said.exit_code, said.stderr) == (0, "")
    first, second = said.stdout.splitlines()
    assert first.startswith("customer.at_risk  evt_")
    assert second.startswith("  delivered  msg_")
    assert f"  {running.endpoint.url}  200 in " in second
    assert "  Signature valid, " in second


async def test_wait_as_json_holds_attempts_and_verdict(ask: Ask) -> None:
    answer = json.loads((await ask("trigger", "task.completed", "--wait", "--json")).stdout)
    assert answer["event"]["type"] == "task.completed"
    [delivery] = answer["deliveries"]
    assert delivery["status"] == "delivered"
    assert delivery["verdict"].startswith("Signature valid")
    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [200]


@pytest.mark.parametrize(
    ("step", "tail"),
    [
        (Step(503), "503 in"),
        (Step(404), "404 in"),
        (Step(reset=True), "connection_reset in"),
    ],
)
async def test_wait_ends_with_1_unless_all_is_delivered(
    ask: Ask, sandbox: Sandbox, step: Step, tail: str
) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (step,)))
    said = await ask("trigger", "customer.at_risk", "--wait")
    assert said.exit_code == 1
    assert tail in said.stdout


async def test_wait_gives_up_after_its_timeout(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(hang=True),)))
    said = await ask("trigger", "customer.at_risk", "--wait", "--timeout", "50ms")
    assert said.exit_code == 1
    assert said.stdout.splitlines()[1].startswith("  pending  msg_")


async def test_a_receiver_elsewhere_has_no_verdict(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.add_endpoint("http://127.0.0.1:1/hook", event_types=["task.overdue"])
    said = await ask("trigger", "task.overdue", "--wait", "--json")
    assert said.exit_code == 1
    answer = json.loads(said.stdout)
    verdicts = {delivery["url"]: delivery["verdict"] for delivery in answer["deliveries"]}
    assert verdicts.pop("http://127.0.0.1:1/hook") is None
    assert [verdict[:15] for verdict in verdicts.values()] == ["Signature valid"]


async def test_without_wait_the_deliveries_are_named_and_that_is_all(
    ask: Ask, sandbox: Sandbox
) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(404),)))
    said = await ask("trigger", "customer.at_risk")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[1].startswith("  pending  msg_")


async def test_where_no_endpoint_wants_it_the_cure_is_named(ask: Ask, running: Running) -> None:
    said = await ask("trigger", "customer.at_risk", "--mode", "live")
    assert said.exit_code == 1
    assert "No endpoint of live mode wants customer.at_risk, so nothing was sent." in said.stderr
    assert "--to URL" in said.stderr


async def test_one_endpoint_can_be_named(ask: Ask, running: Running) -> None:
    said = await ask("trigger", "webhook.ping", "--endpoint", running.endpoint.id, "--wait")
    assert said.exit_code == 0
    unknown = await ask("trigger", "customer.at_risk", "--endpoint", "ep_nonsense")
    assert unknown.exit_code == 2
    assert "There is no endpoint ep_nonsense" in unknown.stderr
    assert "`pivotal-sandbox endpoints list` shows those there are." in unknown.stderr


async def test_set_edits_the_record_and_reads_values_as_json(ask: Ask) -> None:
    said = await ask(
        *("trigger", "customer.at_risk", "--set", "name=Zoë & Co", "--set", "arr=1200"), "--json"
    )
    data = json.loads(said.stdout)["event"]["body"]["data"]
    assert (data["name"], data["arr"]) == ("Zoë & Co", 1200)


async def test_data_gives_the_record_and_no_validate_sends_any(ask: Ask, tmp_path: Path) -> None:
    record = b'{"name": 7}'
    refused = await ask("trigger", "customer.at_risk", "--data", "-", input=record)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "name" in refused.stderr
    file = tmp_path / "record.json"
    file.write_bytes(record)
    said = await ask("trigger", "customer.at_risk", "--data", str(file), "--no-validate", "--json")
    assert json.loads(said.stdout)["event"]["body"]["data"]["name"] == 7


async def test_count_makes_so_many_events_a_line_of_json_each(ask: Ask) -> None:
    said = await ask("trigger", "customer.at_risk", "--count", "3", "--json")
    ids = [json.loads(line)["event"]["id"] for line in said.stdout.splitlines()]
    assert len(set(ids)) == 3


async def test_one_event_that_is_not_delivered_among_many_counts(
    ask: Ask, sandbox: Sandbox
) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(404), Step(200))))
    said = await ask("trigger", "customer.at_risk", "--count", "2", "--wait")
    assert said.exit_code == 1
    assert ["failed" in said.stdout, "delivered" in said.stdout] == [True, True]


async def test_an_unknown_type_names_the_nearest(ask: Ask) -> None:
    said = await ask("trigger", "customer.at_rsk")
    assert (said.exit_code, said.stdout) == (2, "")
    assert 'Did you mean "customer.at_risk"?' in said.stderr


@pytest.mark.parametrize(
    ("arguments", "input", "cure"),
    [
        (["--set", "name"], b"", '"name" is not PATH=VALUE.'),
        (["--set", "=1"], b"", "PATH=VALUE"),
        (["--data", "-"], b"{", "It is not JSON"),
        (["--data", "-"], b"[" * 100_000, "It is not JSON"),
        (["--data", "-"], b"[1]", "A record is a JSON object."),
        (["--data", "no-such-file"], b"", "no-such-file"),
        (["--count", "0"], b"", "--count"),
        (["--mode", "prod"], b"", "--mode"),
        (["--wait", "--timeout", "soon"], b"", "soon"),
        (["--secret", "s"], b"", "--secret goes with --to"),
        (["--allow-host", "h"], b"", "--allow-host goes with --to"),
        (["--to", "http://127.0.0.1:1", "--endpoint", "ep_x"], b"", "give one of them"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    run: Run, arguments: list[str], input: bytes, cure: str
) -> None:
    said = run("trigger", "customer.at_risk", *arguments, input=input)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr


def test_a_secret_in_the_environment_is_no_reason_to_refuse(run: Run) -> None:
    env = {"PIVOTAL_WEBHOOK_SECRET": "s", "PIVOTAL_SANDBOX_URL": "http://127.0.0.1:1"}
    assert run("trigger", "customer.at_risk", env=env).exit_code == 3


async def test_a_fault_is_shown_by_what_the_receiver_made_of_it(ask: Ask) -> None:
    said = await ask("trigger", "customer.at_risk", "--fault", "stale-timestamp", "--wait")
    assert said.exit_code == 0
    assert "Signature is 60" in said.stdout


async def test_a_fault_of_several_events_prints_every_delivery(ask: Ask) -> None:
    said = await ask("trigger", "task.completed", "--fault", "out-of-order", "--wait")
    assert said.exit_code == 0
    assert said.stdout.count("  delivered  msg_") == 2


def test_an_unknown_fault_is_wrong_usage_and_names_the_nearest(run: Run) -> None:
    said = run("trigger", "customer.at_risk", "--fault", "no-signatur")
    assert (said.exit_code, said.stdout) == (2, "")
    assert 'There is no fault "no-signatur". Did you mean "no-signature"?' in said.stderr


def test_a_ping_without_an_endpoint_says_how_to_name_one(run: Run) -> None:
    said = run("trigger", "webhook.ping")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "name it by --endpoint ID" in said.stderr


def test_no_secret_is_shown_for_a_url_that_nothing_can_be_sent_to(run: Run) -> None:
    said = run("trigger", "customer.at_risk", "--to", "127.0.0.1:8000")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "does not begin with http://" in said.stderr
    assert "whsec_" not in said.stderr


async def test_that_no_answer_came_in_time_is_said(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(hang=True),)))
    said = await ask("trigger", "customer.at_risk", "--wait", "--timeout", "50ms")
    assert said.exit_code == 1
    assert "No answer within 50ms: `pivotal-sandbox deliveries show msg_" in said.stderr
