import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

Ask = Callable[..., Awaitable[Result]]
HOOK = "http://127.0.0.1:1/hook"


def fact(said: Result, name: str) -> str:
    """Return the value printed beside a name."""
    [value] = [line[10:] for line in said.stdout.splitlines() if line[:10].strip() == name]
    return value


async def test_add_makes_an_endpoint_and_prints_its_secret(ask: Ask, sandbox: Sandbox) -> None:
    said = await ask(
        *("endpoints", "add", HOOK, "--mode", "live", "--description", "Billing"),
        *("--type", "customer.updated", "--type", "task.overdue", "--field", "owner.email"),
    )
    assert (said.exit_code, said.stderr) == (0, "")
    kept = sandbox.endpoints.get(fact(said, "endpoint"))
    assert (kept.url, kept.mode, kept.description) == (HOOK, "live", "Billing")
    assert kept.event_types == ("customer.updated", "task.overdue")
    assert kept.field_filter == ("owner.email",)
    assert fact(said, "secret") == kept.secret
    assert fact(said, "mode") == "live, enabled"
    assert fact(said, "events") == "customer.updated, task.overdue"
    assert fact(said, "fields") == "owner.email"
    assert fact(said, "for") == "Billing"


async def test_what_add_is_not_told_is_the_apis_default(ask: Ask, sandbox: Sandbox) -> None:
    made = json.loads((await ask("endpoints", "add", HOOK, "--json")).stdout)
    kept = sandbox.endpoints.get(made["id"])
    assert (kept.mode, kept.event_types, kept.field_filter) == ("test", ("*",), ())
    assert made["secret"] == kept.secret


async def test_the_list_has_a_line_each_and_no_secret(ask: Ask, running: Running) -> None:
    live = await running.sandbox.add_endpoint(HOOK, mode="live")
    said = await ask("endpoints", "list")
    assert said.exit_code == 0
    head, newest, oldest = said.stdout.splitlines()
    assert head.split() == ["ENDPOINT", "MODE", "STATE", "URL", "EVENTS"]
    assert newest.split() == [live.id, "live", "enabled", HOOK, "all"]
    assert oldest.startswith(running.endpoint.id)
    assert live.secret not in said.stdout
    items = json.loads((await ask("endpoints", "list", "--mode", "live", "--json")).stdout)["items"]
    assert [item["id"] for item in items] == [live.id]
    assert "secret" not in items[0]


async def test_where_there_is_no_endpoint_the_cure_is_named(ask: Ask, running: Running) -> None:
    said = await ask("endpoints", "list", "--mode", "live")
    assert (said.exit_code, said.stdout) == (0, "")
    assert "endpoints add URL" in said.stderr


async def test_show_prints_the_secret_of_one(ask: Ask, running: Running) -> None:
    said = await ask("endpoints", "show", running.endpoint.id)
    assert said.exit_code == 0
    assert fact(said, "url") == running.endpoint.url
    assert fact(said, "secret") == running.endpoint.secret
    shown = json.loads((await ask("endpoints", "show", running.endpoint.id, "--json")).stdout)
    assert shown["secret"] == running.endpoint.secret


async def test_update_changes_what_is_given_and_nothing_else(ask: Ask, sandbox: Sandbox) -> None:
    old = await sandbox.add_endpoint(HOOK, field_filter=["health"], description="Mine")
    said = await ask("endpoints", "update", old.id, "--url", f"{HOOK}/2", "--disable")
    assert said.exit_code == 0
    assert fact(said, "mode") == "test, disabled"
    new = sandbox.endpoints.get(old.id)
    assert (new.url, new.enabled) == (f"{HOOK}/2", False)
    assert (new.field_filter, new.description) == (("health",), "Mine")
    changes = ("--all-fields", "--enable", "--type", "*", "--description", "")
    shown = json.loads((await ask("endpoints", "update", old.id, *changes, "--json")).stdout)
    assert (shown["field_filter"], shown["enabled"], shown["description"]) == ([], True, "")


async def test_rotate_gives_a_new_secret_beside_the_old_one(ask: Ask, running: Running) -> None:
    said = await ask("endpoints", "rotate", running.endpoint.id, "--overlap", "2h")
    assert said.exit_code == 0
    kept = running.sandbox.endpoints.get(running.endpoint.id)
    assert fact(said, "secret") == kept.secret != running.endpoint.secret
    assert fact(said, "").startswith("the one before signs too until ")
    assert kept.previous_secret == running.endpoint.secret
    assert kept.previous_secret_expires_at == running.sandbox.clock.now() + 2 * HOUR
    changed = await ask("endpoints", "update", running.endpoint.id, "--description", "x")
    assert fact(changed, "secret").startswith("the one before signs too until ")
    await running.sandbox.advance(2 * HOUR)
    shown = await ask("endpoints", "show", running.endpoint.id)
    assert fact(shown, "").startswith("the one before signed too until ")
    again = json.loads((await ask("endpoints", "rotate", running.endpoint.id, "--json")).stdout)
    assert again["secret"] != kept.secret


async def test_ping_sends_one_and_waits_where_told_to(ask: Ask, running: Running) -> None:
    said = await ask("endpoints", "ping", running.endpoint.id)
    assert (said.exit_code, said.stderr) == (0, "")
    first, second = said.stdout.splitlines()
    assert first.startswith("webhook.ping  evt_")
    assert second.startswith("  pending  msg_")
    waited = await ask("endpoints", "ping", running.endpoint.id, "--wait", "--json")
    [delivery] = json.loads(waited.stdout)["deliveries"]
    assert (waited.exit_code, delivery["status"]) == (0, "delivered")


async def test_a_ping_that_is_not_taken_ends_with_1(ask: Ask, running: Running) -> None:
    await running.sandbox.receiver.set_bin(Bin("demo", (Step(404),)))
    said = await ask("endpoints", "ping", running.endpoint.id, "--wait")
    assert said.exit_code == 1
    assert "404 in" in said.stdout


async def test_rm_deletes_one(ask: Ask, sandbox: Sandbox) -> None:
    first, second = [await sandbox.add_endpoint(HOOK) for _ in range(2)]
    said = await ask("endpoints", "rm", first.id)
    assert (said.exit_code, said.stdout) == (0, f"{first.id}  deleted\n")
    as_json = await ask("endpoints", "rm", second.id, "--json")
    assert json.loads(as_json.stdout) == {"deleted": second.id}
    assert [e.id for e in sandbox.endpoints.all() if e.url == HOOK] == []


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("add", "nonsense"), "http://"),
        (("add", HOOK, "--type", "customer.at_rsk"), 'Did you mean "customer.at_risk"?'),
        (("list", "--mode", "prod"), "'test', 'live'"),
        (("show", "ep_x"), "`pivotal-sandbox endpoints list` shows those there are."),
        (("update", "ep_x"), "Say what to change"),
        (("update", "ep_x", "--disable"), "ep_x"),
        (("update", "ep_x", "--field", "health", "--all-fields"), "give one of them"),
        (("rotate", "ep_x", "--overlap", "soon"), '"30s"'),
        (("ping", "ep_x"), "endpoints list"),
        (("rm", "ep_x"), "endpoints list"),
    ],
)
async def test_what_makes_no_sense_is_wrong_usage(
    ask: Ask, arguments: tuple[str, ...], cure: str
) -> None:
    said = await ask("endpoints", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr
