import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

Ask = Callable[..., Awaitable[Result]]

HANG, RESET = Step(hang=True), Step(reset=True)
LATE = '{"status": 503, "delay": "2s", "headers": {"x-a": "b"}, "body": "busy"}'


async def test_a_bin_that_nothing_was_said_of_answers_200(ask: Ask, running: Running) -> None:
    said = await ask("bins", "show", "fresh")
    assert (said.exit_code, said.stderr) == (0, "")
    name, url, _, head, row = said.stdout.splitlines()
    assert name == "bin       fresh"
    assert url == f"captures  {running.url}/in/fresh"
    assert head.split() == ["REQUEST", "ANSWER", "AFTER", "HEADERS", "BODY"]
    assert row.split() == ["every", "200", "0s"]


async def test_show_prints_a_line_for_each_step(ask: Ask, sandbox: Sandbox) -> None:
    late = Step(503, delay=2000, headers=(("x-a", "b"), ("x-c", "d")), body="busy")
    await sandbox.receiver.set_bin(Bin("demo", (HANG, RESET, late), secret="whsec_x"))
    said = await ask("bins", "show", "demo")
    lines = [line.rstrip() for line in said.stdout.splitlines()]
    assert "secret    whsec_x" in lines
    assert lines[-3:] == [
        "1         none: it hangs",
        "2         none: it resets",
        "3 and on  503              2s     x-a: b, x-c: d  busy",
    ]
    shown = json.loads((await ask("bins", "show", "demo", "--json")).stdout)
    assert shown["behaviour"][0] == {"hang": True}


async def test_a_bin_that_passes_on_answers_nothing_of_its_own(ask: Ask) -> None:
    said = await ask("bins", "set", "demo", "--forward-to", "http://127.0.0.1:1/hook")
    assert said.stdout.splitlines()[-1] == "passes to http://127.0.0.1:1/hook"


@pytest.mark.parametrize(
    ("options", "behaviour"),
    [
        (("--status", "500", "--status", "500", "--status", "200"), (Step(500), Step(500), Step())),
        (("--status", "503", "--delay", "2s"), (Step(503, delay=2000),)),
        (("--delay", "50ms"), (Step(delay=50),)),
        (("--hang",), (HANG,)),
        (("--reset",), (RESET,)),
        (
            ("--step", "500", "--step", "hang", "--step", "reset", "--step", LATE),
            (Step(500), HANG, RESET, Step(503, delay=2000, headers=(("x-a", "b"),), body="busy")),
        ),
        ((), (Step(),)),
    ],
)
async def test_set_says_how_it_answers(
    ask: Ask, sandbox: Sandbox, options: tuple[str, ...], behaviour: tuple[Step, ...]
) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(418),), secret="whsec_x"))
    said = await ask("bins", "set", "demo", *options)
    assert said.exit_code == 0
    assert sandbox.captures.bin("demo") == Bin("demo", behaviour)


async def test_set_as_json_is_the_answer_of_the_api(ask: Ask, sandbox: Sandbox) -> None:
    options = ("--secret", "whsec_x", "--forward-to", "http://127.0.0.1:1/hook")
    shown = json.loads((await ask("bins", "set", "demo", *options, "--json")).stdout)
    assert (shown["secret"], shown["forward_to"]) == ("whsec_x", "http://127.0.0.1:1/hook")
    assert sandbox.captures.bin("demo").secret == "whsec_x"


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("show", "a b"), "letters, digits, - and _"),
        (("set", "demo", "--status", "999"), "200 to 599"),
        (("set", "demo", "--status", "ok"), "'ok'"),
        (("set", "demo", "--step", "hung"), '{"status": 503}'),
        (("set", "demo", "--step", '{"stats": 1}'), 'Did you mean "status"?'),
        (("set", "demo", "--delay", "soon"), '"30s"'),
        (("set", "demo", "--hang", "--reset"), "do not mix"),
        (("set", "demo", "--delay", "1s", "--step", "500"), "do not mix"),
        (("set", "demo", "--status", "500", "--hang"), "do not mix"),
        (("set", "demo", "--forward-to", "nonsense"), "http://"),
        (("set", "demo", "--secret", ""), "secret"),
    ],
)
async def test_what_makes_no_sense_is_wrong_usage_and_changes_nothing(
    ask: Ask, sandbox: Sandbox, arguments: tuple[str, ...], cure: str
) -> None:
    before = sandbox.captures.bin("demo")
    said = await ask("bins", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr
    assert sandbox.captures.bin("demo") == before
