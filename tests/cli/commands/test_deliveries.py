import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from pivotal_sandbox import sign
from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.domain.models import Delivery
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.web.server import Running

Ask = Callable[..., Awaitable[Result]]


async def sent(sandbox: Sandbox, type: str, *behaviour: Step) -> Delivery:
    """Trigger an event to the demo bin, let its first attempt end, and return the delivery."""
    if behaviour:
        await sandbox.receiver.set_bin(Bin("demo", behaviour))
    [delivery] = (await sandbox.trigger(type)).deliveries
    await sandbox.dispatcher.settle()
    return await sandbox.deliveries.get(delivery.id)


async def test_the_list_is_newest_first_with_a_line_each(ask: Ask, sandbox: Sandbox) -> None:
    failed = await sent(sandbox, "customer.at_risk", Step(404))
    said = await ask("deliveries", "list")
    assert said.exit_code == 0
    head, newest, oldest = said.stdout.splitlines()
    assert head.split()[0] == "DELIVERY"
    assert newest.split()[:4] == [failed.id, "customer.at_risk", "failed", "404"]
    assert newest.split()[6] == "1"
    assert newest.split()[-1] == failed.url
    assert "webhook.ping" in oldest
    assert said.stderr == "2 deliveries.\n"


async def test_the_filters_are_the_apis(ask: Ask, sandbox: Sandbox) -> None:
    failed = await sent(sandbox, "customer.at_risk", Step(404))
    for filter in (
        ("--status", "failed"),
        ("--type", "customer.at_risk"),
        ("--status-code", "404"),
        ("--mode", "test", "--status", "failed"),
        ("--endpoint", failed.endpoint_id, "--status", "failed"),
        ("-q", failed.id),
        ("--since", "1h", "--until", "2999-01-01T00:00:00Z", "--status-code", "404"),
        ("--limit", "1"),
    ):
        items = json.loads((await ask("deliveries", "list", *filter, "--json")).stdout)["items"]
        assert [item["id"] for item in items] == [failed.id], filter
    nothing = await ask("deliveries", "list", "--mode", "live")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert nothing.stderr == "No delivery matches.\n"


async def test_all_follows_the_pages_and_the_limit_ends_them(ask: Ask, sandbox: Sandbox) -> None:
    for _ in range(3):
        await sandbox.trigger("task.completed")
    await sandbox.dispatcher.settle()
    everything = json.loads((await ask("deliveries", "list", "--all", "--json")).stdout)
    assert len(everything["items"]) == 4
    two = json.loads((await ask("deliveries", "list", "--limit", "2", "--json")).stdout)
    assert two["items"] == everything["items"][:2]


@pytest.mark.parametrize(
    "filter",
    [("--status", "late"), ("--mode", "prod"), ("--limit", "0"), ("--since", "yesterday")],
)
async def test_a_filter_that_makes_no_sense_is_wrong_usage(
    ask: Ask, filter: tuple[str, ...]
) -> None:
    said = await ask("deliveries", "list", *filter)
    assert (said.exit_code, said.stdout) == (2, "")
    assert filter[0].removeprefix("--") in said.stderr


async def test_show_prints_the_body_and_every_attempt(ask: Ask, sandbox: Sandbox) -> None:
    answer = Step(503, headers=(("x-trace", "abc"),), body='{"why":"busy"}')
    delivery = await sent(sandbox, "customer.at_risk", answer, Step(200))
    await sandbox.advance(HOUR)
    said = await ask("deliveries", "show", delivery.id)
    assert said.exit_code == 0
    for line in (
        f"delivery  {delivery.id}",
        "status    delivered",
        '  "type": "customer.at_risk",',
        "> pivotal-event: customer.at_risk",
        "< 503",
        "< x-trace: abc",
        '  "why": "busy"',
        "< 200",
    ):
        assert line in said.stdout.splitlines()
    assert said.stdout.count("> pivotal-signature: v1,t=") == 2
    assert [line.split()[:2] for line in said.stdout.splitlines() if "attempt" in line] == [
        ["attempt", "1"],
        ["attempt", "2"],
    ]
    shown = json.loads((await ask("deliveries", "show", delivery.id, "--json")).stdout)
    assert [attempt["status_code"] for attempt in shown["attempts"]] == [503, 200]


async def test_show_says_what_went_wrong_where_nothing_answered(ask: Ask, sandbox: Sandbox) -> None:
    delivery = await sent(sandbox, "customer.at_risk", Step(reset=True))
    lines = (await ask("deliveries", "show", delivery.id)).stdout.splitlines()
    assert any(line.startswith("next try") for line in lines)
    assert any(line.startswith("attempt 1") and "connection_reset" in line for line in lines)
    assert lines[-1].startswith("< ")


async def test_show_says_where_a_long_answer_was_cut(ask: Ask, sandbox: Sandbox) -> None:
    delivery = await sent(sandbox, "customer.at_risk", Step(200, body="x" * 70_000))
    said = await ask("deliveries", "show", delivery.id)
    assert "x" * 65_536 in said.stdout
    assert "x" * 65_537 not in said.stdout
    assert said.stderr == "The response went on; its first 64 KiB are kept.\n"


async def test_what_a_receiver_answers_cannot_drive_the_terminal(
    ask: Ask, sandbox: Sandbox
) -> None:
    delivery = await sent(sandbox, "customer.at_risk", Step(200, body="\x1b[2Jhello"))
    said = await ask("deliveries", "show", delivery.id)
    assert "\\x1b[2Jhello" in said.stdout
    assert "\x1b[2J" not in said.stdout


async def test_an_unknown_delivery_is_wrong_usage(ask: Ask) -> None:
    said = await ask("deliveries", "show", "msg_nonsense")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "msg_nonsense" in said.stderr


async def test_replay_sends_again_what_was_named(
    ask: Ask, sandbox: Sandbox, running: Running
) -> None:
    old = await sent(sandbox, "customer.at_risk", Step(404), Step(200))
    said = await ask("deliveries", "replay", old.id)
    assert said.exit_code == 0
    new_id, type, verb, old_id = said.stdout.split()
    assert (type, verb, old_id) == ("customer.at_risk", "replays", old.id)
    assert said.stderr == "1 delivery replayed.\n"
    new = await sandbox.deliveries.get(new_id)
    assert (new.replay_of, new.event_id) == (old.id, old.event_id)
    shown = (await ask("deliveries", "show", new_id)).stdout.splitlines()
    assert f"replay of {old.id}" in shown


async def test_replay_sends_again_what_a_filter_chooses(ask: Ask, sandbox: Sandbox) -> None:
    old = await sent(sandbox, "customer.at_risk", Step(404), Step(200))
    dry = await ask("deliveries", "replay", "--status", "failed", "--dry-run")
    assert (dry.exit_code, dry.stdout) == (0, "")
    assert dry.stderr == "1 delivery to replay.\n"
    answer = json.loads((await ask("deliveries", "replay", "--status", "failed", "--json")).stdout)
    assert answer["count"] == 1
    assert answer["items"][0]["replay_of"] == old.id


@pytest.mark.parametrize("arguments", [(), ("msg_x", "--status", "failed"), ("--dry-run",)])
async def test_replay_wants_ids_or_a_filter_and_not_both(
    ask: Ask, arguments: tuple[str, ...]
) -> None:
    said = await ask("deliveries", "replay", *arguments)
    assert said.exit_code == 2
    assert "Name deliveries, or choose them" in said.stderr


async def test_replaying_an_unknown_delivery_sends_nothing(ask: Ask, sandbox: Sandbox) -> None:
    old = await sent(sandbox, "customer.at_risk")
    said = await ask("deliveries", "replay", old.id, "msg_nonsense")
    assert said.exit_code == 2
    assert "msg_nonsense" in said.stderr
    everything = json.loads((await ask("deliveries", "list", "--json")).stdout)["items"]
    assert len(everything) == 2


async def test_show_prints_a_body_that_was_not_the_events(ask: Ask, sandbox: Sandbox) -> None:
    triggered = await sandbox.trigger("task.created", fault="tampered-body")
    await sandbox.dispatcher.settle()
    said = await ask("deliveries", "show", triggered.deliveries[0].id)
    lines = said.stdout.splitlines()
    assert "fault     tampered-body" in lines
    assert sum('"id": "tsk_' in line for line in lines) == 2
    assert "The body on the wire was not the event's:" in said.stderr


@pytest.mark.parametrize("fault", ["invalid-json", "empty-body", "unicode"])
async def test_show_prints_a_body_however_spoiled(ask: Ask, sandbox: Sandbox, fault: str) -> None:
    triggered = await sandbox.trigger("task.created", fault=fault)
    await sandbox.dispatcher.settle()
    said = await ask("deliveries", "show", triggered.deliveries[0].id)
    assert said.exit_code == 0
    assert f"fault     {fault}" in said.stdout.splitlines()


async def test_a_body_that_is_no_utf_8_is_shown_in_base64(ask: Ask, sandbox: Sandbox) -> None:
    notes = []
    for padding in ("", "a", "ab"):  # the middle of the body is in a character, or between two
        edit = {"title": padding + "é" * 150}
        triggered = await sandbox.trigger("task.created", set=edit, fault="truncated-body")
        await sandbox.dispatcher.settle()
        notes.append((await ask("deliveries", "show", triggered.deliveries[0].id)).stderr)
    assert any("These bytes are no UTF-8; in base64:\n" in note for note in notes)


async def test_replay_verbatim_edited_and_at_a_rate(ask: Ask, sandbox: Sandbox) -> None:
    old = await sent(sandbox, "customer.at_risk")
    for arguments, fault in (
        (("--verbatim",), "verbatim"),
        (("--set", "data.name=Zoe"), "edited"),
        (("--set", "data.name=7", "--no-validate", "--rate", "5/s"), "edited"),
    ):
        said = await ask("deliveries", "replay", old.id, *arguments, "--json")
        [new] = json.loads(said.stdout)["items"]
        assert (new["fault"], new["replay_of"]) == (fault, old.id)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--set", "name=Zoe"), 'Did you mean "data.name"?'),
        (("--set", "data.plan=gold"), '"plan" is "gold", but must be'),
        (("--rate", "fast"), '"fast" is no rate'),
        (("--verbatim", "--set", "id=x"), "give one of verbatim and set"),
        (("--set", "nothing"), '"nothing" is not PATH=VALUE'),
    ],
)
async def test_a_replay_that_cannot_be_is_wrong_usage(
    ask: Ask, sandbox: Sandbox, arguments: tuple[str, ...], says: str
) -> None:
    old = await sent(sandbox, "customer.at_risk")
    said = await ask("deliveries", "replay", old.id, *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert says in said.stderr


async def exported(ask: Ask, *arguments: str) -> tuple[list[Any], str]:
    said = await ask("deliveries", "export", *arguments)
    assert said.exit_code == 0, said.stderr
    return [json.loads(line) for line in said.stdout.splitlines()], said.stderr


async def test_export_prints_whole_deliveries_the_oldest_first(ask: Ask, sandbox: Sandbox) -> None:
    failed = await sent(sandbox, "customer.at_risk", Step(404))
    lines, told = await exported(ask)
    assert ([line["event_type"] for line in lines], told) == (
        ["webhook.ping", "customer.at_risk"],
        "2 deliveries.\n",
    )
    shown = await ask("deliveries", "show", failed.id, "--json")
    assert lines[1] == json.loads(shown.stdout)
    for arguments in ((failed.id,), ("--status", "failed"), ("--status-code", "404", "--json")):
        assert await exported(ask, *arguments) == ([lines[1]], "1 delivery.\n")
    assert await exported(ask, "--mode", "live", "--as", "curl") == ([], "No delivery matches.\n")


async def test_a_line_of_json_has_the_body_as_it_was_signed(ask: Ask, sandbox: Sandbox) -> None:
    odd = await sandbox.trigger(
        "customer.updated", set={"custom_fields": {"n": 1e30, "x": "é\u2028"}}
    )
    said = await ask("deliveries", "export", odd.deliveries[0].id)
    assert odd.event.body.decode() in said.stdout


async def test_what_is_exported_is_the_last_attempt_or_each(ask: Ask, sandbox: Sandbox) -> None:
    retried = await sent(sandbox, "customer.at_risk", Step(500), Step(200))
    await sandbox.advance(HOUR)
    archive = {}
    for arguments in ((), ("--every-attempt",)):
        said = await ask("deliveries", "export", retried.id, "--as", "har", *arguments)
        archive[arguments] = json.loads(said.stdout)["log"]["entries"]
    assert [entry["response"]["status"] for entry in archive[()]] == [200]
    each = archive[("--every-attempt",)]
    assert [entry["response"]["status"] for entry in each] == [500, 200]
    assert each[1] == archive[()][0]
    assert each[0]["startedDateTime"] < each[1]["startedDateTime"]


async def test_a_delivery_of_which_nothing_was_sent_is_left_out(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(hang=True),)))
    await sandbox.trigger("customer.at_risk")
    said = await ask("deliveries", "export", "--as", "curl")
    assert said.stderr == "1 request. 1 delivery left out: nothing was sent yet.\n"
    assert said.stdout.count("curl -sS") == 1


async def ran(*command: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a program, with the tests' own programs on its PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        capture_output=True,
        env={**os.environ, "PATH": path, **(env or {})},
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("form", ["curl", "httpie"])
@pytest.mark.needs("curl")
async def test_what_is_exported_sends_the_same_again(ask: Ask, sandbox: Sandbox, form: str) -> None:
    old = await sent(sandbox, "customer.at_risk")
    said = await ask("deliveries", "export", old.id, "--as", form)
    assert said.stderr == "1 request.\n"
    code, told = await ran("sh", "-ec", said.stdout)
    assert code == 0, told
    (again, first, _), _ = await sandbox.captures.page(CaptureFilter(), limit=3)
    assert again.body == first.body
    own = ("host", "content-length")  # which a client writes in its own way
    assert sorted((n.lower() if n.lower() in own else n, v) for n, v in again.headers) == sorted(
        first.headers
    )


async def test_an_exported_test_signs_anew_and_tells_the_forged_from_the_genuine(
    ask: Ask, running: Running, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The bin takes everything, which is right for the one and wrong for the other."""
    genuine = await sent(sandbox, "customer.at_risk")
    forged = (await sandbox.trigger("task.created", fault="wrong-secret")).deliveries[0]
    await sandbox.dispatcher.settle()
    said = await ask("deliveries", "export", genuine.id, forged.id, "--as", "pytest")
    file = tmp_path / "test_export.py"
    file.write_text(said.stdout, "utf-8")
    await sandbox.receiver.set_bin(Bin("mine", secret="whsec_mine"))
    flags = ("-q", "-W", "error", "-p", "no:asyncio", "-p", "no:cacheprovider", "-c", os.devnull)
    env = {"WEBHOOK_URL": f"{running.url}/in/mine", "PIVOTAL_WEBHOOK_SECRET": "whsec_mine"}
    code, told = await ran(sys.executable, "-m", "pytest", *flags, str(file), env=env)
    assert code == 1
    assert "1 failed, 1 passed" in told
    assert f"test_export.py::test_it_is_answered_as_it_should_be[{forged.id}]" in told
    (second, first), _ = await sandbox.captures.page(CaptureFilter(bin="mine"), limit=3)
    old, new = dict(first.headers), dict(second.headers)
    assert (old["pivotal-delivery-id"], new["pivotal-delivery-id"]) == (genuine.id, forged.id)
    assert old["host"] == running.url.removeprefix("http://")
    timestamp = old["pivotal-signature"].split(",")[1].removeprefix("t=")
    assert old["pivotal-signature"] == sign(first.body, "whsec_mine", timestamp=int(timestamp))
    assert second.verified is False


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--as", "pytets"), 'Did you mean "pytest"?'),
        (("--as", "har", "--json"), "give one of them"),
        (("--as", "har", "--to", "http://x/"), "leave out --to"),
        (("--as", "jsonl", "--re-sign"), "leave out --re-sign"),
        (("--as", "curl", "--to", "nowhere"), "does not begin with http"),
        (("--status", "lost"), "'lost'"),
        (("--since", "yesterday"), "1h"),
        (("msg_x",), "`pivotal-sandbox deliveries list` shows those there are."),
        (("msg_x", "--status", "failed"), "Name deliveries, or choose them"),
    ],
)
async def test_an_export_that_cannot_be_is_wrong_usage(
    ask: Ask, arguments: tuple[str, ...], says: str
) -> None:
    said = await ask("deliveries", "export", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert says in said.stderr


def test_an_export_needs_a_running_sandbox(run: Callable[..., Result]) -> None:
    said = run("deliveries", "export", env={"PIVOTAL_SANDBOX_URL": "http://127.0.0.1:1"})
    assert (said.exit_code, said.stdout) == (3, "")
    assert "start one with `pivotal-sandbox up`" in said.stderr
