"""`explain`, as it is typed: offline, and of a delivery of a running sandbox."""

import base64
import hmac
import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.domain.models import Delivery
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.signature import mac, sign

Run = Callable[..., Result]
Ask = Callable[..., Awaitable[Result]]

SECRET, BODY, T = "whsec_of_a_test", '{"name": "Zoë"}'.encode(), 1_000
COMPACT = '{"name":"Zoë"}'.encode()
ARGUMENTS = ("explain", "--secret", SECRET, "--header", sign(BODY, SECRET, timestamp=T))


def test_a_wrong_mac_is_named_with_what_to_change(run: Run) -> None:
    wrong = mac(COMPACT, SECRET, T)
    said = run(*ARGUMENTS, "--computed", wrong, input=BODY)
    assert said.exit_code == 1
    first, _, id, seen, mend = said.stdout.splitlines()
    assert first.startswith("The computed MAC is made over the body as Node's JSON.stringify")
    assert id == "json-node"
    assert seen.startswith("  seen in:  `JSON.stringify(req.body)`")
    assert mend.startswith("  to mend:  Take the raw bytes")
    assert "docs/signatures.md" in said.stderr


def test_json_says_the_same_and_nothing_to_sign_by(run: Run) -> None:
    hexed = hmac.digest(SECRET.encode(), b"1000." + BODY, "sha256").hex()
    said = run(*ARGUMENTS, "--computed", hexed, "--json", input=BODY)
    answer = json.loads(said.stdout)
    assert said.exit_code == 1
    assert (answer["verified"], answer["reason"], answer["computed"]) == (True, None, False)
    assert [row["id"] for row in answer["mistakes"]] == ["hex"]
    assert answer["explanation"] == "The computed MAC is the right one, but written in hex."
    assert answer["mend"] == answer["mistakes"][0]["mend"]
    for secret in (SECRET, hexed, mac(BODY, SECRET, T)):
        assert secret not in said.output


@pytest.mark.parametrize("more", [["--now", "1300"], ["--computed", mac(BODY, SECRET, T)]])
def test_what_is_right_is_exit_code_0(run: Run, more: list[str]) -> None:
    said = run(*ARGUMENTS, *more, input=BODY)
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout in ("The signature is valid.\n", "The computed MAC is right.\n")
    assert json.loads(run(*ARGUMENTS, *more, "--json", input=BODY).stdout)["mend"] is None


def test_without_a_time_it_is_judged_at_the_present(run: Run) -> None:
    said = run(*ARGUMENTS, input=BODY)
    assert said.exit_code == 1
    assert said.stdout.startswith("Signature is ")
    fresh = sign(BODY, SECRET, timestamp=int(wall_time()))
    assert run("explain", "--secret", SECRET, "--header", fresh, input=BODY).exit_code == 0


def test_no_known_mistake_is_exit_code_1_and_says_so(run: Run) -> None:
    wrong = base64.b64encode(bytes(32)).decode()
    said = run(*ARGUMENTS, "--computed", wrong, input=BODY)
    assert said.exit_code == 1
    assert said.stdout.startswith("No known mistake makes the computed MAC")
    assert said.stderr == ""


def test_another_secret_is_named_by_its_place_and_not_by_itself(run: Run) -> None:
    header = sign(BODY, "whsec_live", timestamp=T)
    said = run(
        *("explain", "--secret", SECRET, "--header", header, "--now", str(T)),
        *("--other-secret", "whsec_old", "--other-secret", "whsec_live"),
        input=BODY,
    )
    assert "keyed with the secret of --other-secret 2." in said.stdout
    assert "whsec_live" not in said.output


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["--header", "v1,t=1,sig=a"], "--secret"),
        (["--secret", "s"], "--header"),
        (["--secret", "s", "--header", "h", "--body", "no-such-file"], "no-such-file"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_names_the_cure(
    run: Run, arguments: list[str], cure: str
) -> None:
    said = run("explain", *arguments, input=BODY)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr


def test_without_a_sandbox_a_delivery_cannot_be_reached(run: Run) -> None:
    said = run("explain", "--delivery", "msg_1", env={"PIVOTAL_SANDBOX_URL": "http://127.0.0.1:9"})
    assert said.exit_code == 3
    assert "pivotal-sandbox up" in said.stderr


async def sent(sandbox: Sandbox, fault: str | None = None) -> Delivery:
    await sandbox.receiver.set_bin(Bin("demo", (Step(404),)))
    [delivery] = (await sandbox.trigger("customer.at_risk", fault=fault)).deliveries
    await sandbox.dispatcher.settle()
    return await sandbox.deliveries.get(delivery.id)


async def test_a_delivery_brings_its_body_header_and_secret(ask: Ask, sandbox: Sandbox) -> None:
    delivery = await sent(sandbox)
    said = await ask("explain", "--delivery", delivery.id)
    assert (said.exit_code, said.stdout) == (0, "The signature is valid.\n"), said.output


async def test_of_a_delivery_the_computed_mac_is_explained(ask: Ask, sandbox: Sandbox) -> None:
    delivery = await sent(sandbox)
    shown = json.loads((await ask("deliveries", "show", delivery.id, "--json")).stdout)
    headers = dict(shown["attempts"][-1]["request"]["headers"])
    timestamp = headers["pivotal-signature"].split(",")[1].removeprefix("t=")
    spaced = json.dumps(shown["event"]["body"]).encode()
    [endpoint] = json.loads((await ask("endpoints", "list", "--json")).stdout)["items"]
    secret = json.loads((await ask("endpoints", "show", endpoint["id"], "--json")).stdout)["secret"]
    wrong = mac(spaced, secret, timestamp)
    said = await ask("explain", "--delivery", delivery.id, "--computed", wrong)
    assert said.exit_code == 1
    assert "\njson-python\n" in said.stdout
    assert secret not in said.output


async def test_of_a_delivery_the_endpoint_whose_secret_it_is_is_named(
    ask: Ask, sandbox: Sandbox
) -> None:
    delivery = await sent(sandbox)
    said = await ask("explain", "--delivery", delivery.id, "--secret", SECRET)
    assert said.exit_code == 1
    assert f"the secret of the test endpoint {delivery.endpoint_id}." in said.stdout


async def test_a_secret_from_before_a_rotation_is_named(ask: Ask, sandbox: Sandbox) -> None:
    old = await sent(sandbox)
    await sandbox.rotate_secret(old.endpoint_id, overlap=0)
    said = await ask("explain", "--delivery", old.id)
    assert said.exit_code == 1
    assert f"the secret of the test endpoint {old.endpoint_id} before its rotation" in said.stdout


async def test_a_body_that_came_in_otherwise_than_it_was_sent_is_explained(
    ask: Ask, sandbox: Sandbox
) -> None:
    delivery = await sent(sandbox)
    shown = json.loads((await ask("deliveries", "show", delivery.id, "--json")).stdout)
    pretty = json.dumps(shown["event"]["body"], indent=2).encode()
    said = await ask("explain", "--delivery", delivery.id, "--body", "-", input=pretty)
    assert said.exit_code == 1
    assert "So the body here is not what was signed" in said.stdout


async def test_of_a_spoilt_delivery_the_bytes_on_the_wire_are_explained(
    ask: Ask, sandbox: Sandbox
) -> None:
    delivery = await sent(sandbox, "reserialized-body")
    said = await ask("explain", "--delivery", delivery.id)
    assert said.exit_code == 1
    assert "So the body here is not what was signed" in said.stdout


async def test_a_body_that_is_no_json_is_explained_too(ask: Ask, sandbox: Sandbox) -> None:
    delivery = await sent(sandbox, "invalid-json")
    said = await ask("explain", "--delivery", delivery.id)
    assert (said.exit_code, said.stdout) == (0, "The signature is valid.\n"), said.output


async def test_of_a_delivery_whose_endpoint_is_gone_the_secret_is_asked_for(
    ask: Ask, sandbox: Sandbox
) -> None:
    delivery = await sent(sandbox)
    await ask("endpoints", "rm", delivery.endpoint_id)
    said = await ask("explain", "--delivery", delivery.id)
    assert said.exit_code == 2
    assert "--secret" in said.stderr


async def test_a_delivery_that_was_not_tried_yet_has_nothing_to_explain(
    ask: Ask, sandbox: Sandbox
) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(hang=True),)))
    [delivery] = (await sandbox.trigger("customer.at_risk")).deliveries
    said = await ask("explain", "--delivery", delivery.id)
    assert said.exit_code == 2
    assert "was not tried yet" in said.stderr


async def test_an_unknown_delivery_is_wrong_usage(ask: Ask) -> None:
    said = await ask("explain", "--delivery", "msg_none")
    assert said.exit_code == 2
    assert "deliveries list" in said.stderr
