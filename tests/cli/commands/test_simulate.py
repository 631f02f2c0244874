"""`simulate`: at its rate, by its seed, to its end, over REST."""

import asyncio
import json
import os
import pty
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import Result

from pivotal_sandbox.records.changes import Change
from pivotal_sandbox.records.record_store import RecordStore
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running, Settings, serve

Run = Callable[..., Result]
Ask = Callable[..., Awaitable[Result]]


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_customers_live_at_the_rate_that_is_asked_for(ask: Ask, sandbox: Sandbox) -> None:
    done = await ask("simulate", "--rate", "20/s", "--duration", "1s", "--seed", "3", "--json")
    assert done.exit_code == 0, done.output
    *changes, summary = lines(done)
    assert 15 <= summary["events"] <= 24
    assert summary["seed"] == 3
    assert summary["refused"] == 0
    assert sum(summary["deliveries"].values()) == summary["events"]
    assert summary["types"]["customer.created"] == summary["customers"]
    assert changes[0]["type"] == "change"
    assert changes[0]["events"][0]["event"]["type"] == "customer.created"
    assert len(await sandbox.records("test", "customer")) == summary["customers"]


async def test_the_same_seed_makes_the_same_bytes_on_the_same_sandbox() -> None:
    async def simulated(seed: str) -> list[str]:
        async with serve(Settings(port=0, speed=0, seed=7, grace_s=0.05)) as running:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pivotal_sandbox", "simulate", "--json"),
                *("--rate", "1000/s", "--duration", "200ms", "--seed", seed),
                env={**os.environ, "PIVOTAL_SANDBOX_URL": running.url},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, _ = await process.communicate()
        made = [json.loads(line) for line in out.decode().splitlines()[:-1]]
        return [event["event"] for change in made for event in change["events"]]

    first, same, other = [await simulated(seed) for seed in ("1", "1", "2")]
    count = min(len(first), len(same), len(other))  # how far they came in their time
    assert count >= 5
    assert first[:count] == same[:count] != other[:count]


async def test_the_end_is_told_in_words(ask: Ask) -> None:
    done = await ask("simulate", "--rate", "1000/s", "--duration", "100ms")
    assert done.exit_code == 0
    first, *rest = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ customers?, \d+ events?, \d+ deliver(y|ies)", first)
    assert any(line.endswith("  customer.created") for line in rest)
    assert "The same choices again: --seed " in done.stderr


async def test_live_mode_and_one_endpoint_can_be_asked_for(ask: Ask, sandbox: Sandbox) -> None:
    done = await ask("simulate", "--rate", "100/s", "--duration", "50ms", "--mode", "live")
    assert done.exit_code == 1
    assert "No endpoint of live mode wants them, so nothing was sent." in done.stderr
    picky = await sandbox.add_endpoint(
        f"{sandbox.base_url}/in/picky", mode="live", event_types=["customer.deleted"]
    )
    asked = ("simulate", "--rate", "100/s", "--duration", "50ms", "--endpoint", picky.id)
    done = await ask(*asked, "--json")
    assert done.exit_code == 0, done.output
    summary = lines(done)[-1]
    assert sum(summary["deliveries"].values()) == summary["events"]
    done = await ask(*asked, "--mode", "test")
    assert done.exit_code == 2
    assert "is a live one" in done.stderr


async def test_what_others_delete_meanwhile_is_no_obstacle(ask: Ask, sandbox: Sandbox) -> None:
    def delete(id: str) -> Callable[[RecordStore, int], Change]:
        return lambda world, now: world.delete("customer", id, now)

    async def delete_all() -> None:
        while True:
            for id in list(await sandbox.records("test", "customer")):
                await sandbox.change("test", delete(id))
            await asyncio.to_thread(len, "")  # until others had their turn

    deleting = asyncio.create_task(delete_all())
    done = await ask("simulate", "--rate", "300/s", "--duration", "200ms", "--seed", "4", "--json")
    deleting.cancel()
    assert lines(done)[-1]["refused"] > 0
    assert "of records that others had changed were refused." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "-5/s"], '"-5/s" is no rate'),
        (["--rate", "0/s"], '"0/s" is no rate'),
        (["--duration", "0s"], "Nothing would be sent"),
        (["--duration", "soon"], '"soon" is no duration'),
        (["--seed", "x"], "--seed"),
        (["--mode", "prod"], "--mode"),
    ],
)
def test_what_is_no_rate_or_duration_is_refused(run: Run, arguments: list[str], said: str) -> None:
    done = run("simulate", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_without_a_sandbox_it_says_how_to_start_one(run: Run) -> None:
    done = run("simulate", env={"PIVOTAL_SANDBOX_URL": "http://127.0.0.1:1"})
    assert done.exit_code == 3
    assert "start one with `pivotal-sandbox up`" in done.stderr


async def test_an_endpoint_that_is_not_there_is_told(ask: Ask) -> None:
    done = await ask("simulate", "--endpoint", "ep_none")
    assert done.exit_code == 2
    assert "`pivotal-sandbox endpoints list` shows those there are." in done.stderr


async def test_ctrl_c_ends_it_with_the_summary(running: Running) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pivotal_sandbox", "simulate", "--rate", "50/s", "--json"),
        env={**os.environ, "PIVOTAL_SANDBOX_URL": running.url, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(out.splitlines()[-1])["type"] == "summary"
    customers = await running.sandbox.records("test", "customer")
    assert len(customers) == json.loads(out.splitlines()[-1])["customers"]


async def test_at_a_terminal_a_bar_shows_how_far_it_is(running: Running) -> None:
    main, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pivotal_sandbox", "simulate"),
        *("--rate", "50/s", "--duration", "300ms"),
        env={**os.environ, "PIVOTAL_SANDBOX_URL": running.url, "TERM": "xterm"},
        stdout=asyncio.subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    async with asyncio.timeout(30):
        out, _ = await process.communicate()
    shown = os.read(main, 65536)
    os.close(main)
    assert process.returncode == 0
    assert "━".encode() in shown
    assert "━".encode() not in out


async def test_in_a_pipe_a_line_says_now_and_then_how_far_it_is(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pivotal_sandbox.cli.commands.simulate.TOLD_MS", 20)
    done = await ask("simulate", "--rate", "100/s", "--duration", "100ms")
    assert re.search(r"^0s: \d+ customers?, \d+ events?, ", done.stderr)
