import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest
from click.testing import Result

from pivotal_sandbox import __version__
from pivotal_sandbox.cli.main import COMMANDS, cli


def test_help_lists_every_command_with_its_own_first_line(run: Callable[..., Result]) -> None:
    said = run("--help")
    assert said.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert f"  {name:<10}  {line}\n" in said.stdout
        command = cli.get_command(click.Context(cli, **cli.context_settings), name)
        assert command is not None
        assert inspect.cleandoc(command.help or "").splitlines()[0] == line
        assert command.name == name


def test_the_short_flag_for_help_works_on_commands_too(run: Callable[..., Result]) -> None:
    assert run("deliveries", "replay", "-h").stdout.startswith(
        "Usage: pivotal-sandbox deliveries replay"
    )


def test_every_option_of_every_command_says_what_it_is_for() -> None:
    def commands(group: click.Group) -> Iterator[click.Command]:
        ctx = click.Context(group)
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            yield command
            if isinstance(command, click.Group):
                yield from commands(command)

    silent = [
        f"{command.name} {option.name}"
        for command in commands(cli)
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert len(list(commands(cli))) > len(COMMANDS)
    assert silent == []


def test_the_version_goes_to_stdout(run: Callable[..., Result]) -> None:
    assert run("--version").stdout == f"pivotal-sandbox, version {__version__}\n"


def test_a_command_that_does_not_exist_names_the_nearest(run: Callable[..., Result]) -> None:
    said = run("triger", "customer.at_risk")
    assert said.exit_code == 2
    assert said.stdout == ""
    assert 'There is no command "triger". Did you mean "trigger"?' in said.stderr


def test_completion_asks_for_names_that_do_not_exist() -> None:
    assert cli.get_command(click.Context(cli, **cli.context_settings), "triger") is None


def test_an_option_that_does_not_exist_is_wrong_usage(run: Callable[..., Result]) -> None:
    said = run("--verison")
    assert said.exit_code == 2
    assert "--version" in said.stderr


def test_no_command_prints_the_help_and_is_wrong_usage(run: Callable[..., Result]) -> None:
    said = run()
    assert said.exit_code == 2
    assert "Commands:" in said.stderr


def test_input_that_is_refused_is_one_line_and_exit_code_2(run: Callable[..., Result]) -> None:
    said = run("sign", "--secret", "", input=b"{}")
    assert said.exit_code == 2
    assert said.stderr == "Error: The secret is empty: anyone could forge its signatures.\n"


SIGN = [sys.executable, "-m", "pivotal_sandbox", "sign", "--secret", "s"]


def test_a_full_disk_is_one_line_and_exit_code_2() -> None:
    with open("/dev/full", "wb") as full:
        said = subprocess.run(SIGN, input=b"", stdout=full, stderr=subprocess.PIPE)
    assert (said.returncode, said.stderr) == (2, b"Error: No space left on device.\n")


def test_a_reader_who_left_is_no_error_to_tell() -> None:
    read, write = os.pipe()
    os.close(read)
    said = subprocess.run(SIGN, input=b"", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert said.stderr == b""


def test_the_module_runs_as_the_command_does() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pivotal_sandbox", "sign", "--secret", "s", "--timestamp", "1"],
        input=b"{}",
        capture_output=True,
    )
    assert said.returncode == 0
    assert said.stdout.startswith(b"v1,t=1,sig=")
    assert said.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "light"),
    [
        (
            ["--help"],
            {"rich", "http.client", "json", "asyncio", "msgspec", "hmac", "typing_extensions"},
        ),
        (["sign", "--secret", "s"], {"rich", "http.client", "asyncio", "msgspec"}),
        (["deliveries", "show", "--help"], {"rich", "asyncio", "msgspec"}),
        (["endpoints", "add", "--help"], {"rich", "asyncio", "msgspec"}),
        (["wait", "--help"], {"rich", "asyncio", "msgspec"}),
        (["openapi", "--help"], {"rich", "asyncio", "msgspec", "starlette"}),
        (["up", "--help"], {"rich", "http.client", "asyncio", "starlette", "uvicorn"}),
    ],
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], light: set[str]) -> None:
    program = (
        f"import atexit, sys; before = {{*sys.modules}}; sys.argv[1:] = {arguments!r}\n"
        "atexit.register(lambda: print(*{*sys.modules} - before, file=sys.stderr))\n"
        "from pivotal_sandbox.cli.main import main; main()"
    )
    said = subprocess.run([sys.executable, "-c", program], input="", capture_output=True, text=True)
    assert said.returncode == 0
    loaded = set(said.stderr.split())
    assert "pivotal_sandbox.cli.main" in loaded
    assert loaded & light == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("endpoints", "list"),
        ("endpoints", "rm", "ep_x"),
        ("records", "show", "customer", "cus_x"),
        ("records", "create", "customer"),
        ("captures", "list"),
        ("captures", "export"),
        ("captures", "clear"),
        ("bins", "show", "demo"),
        ("bins", "set", "demo"),
        ("wait", "customer.at_risk"),
    ],
)
def test_where_no_sandbox_answers_the_cure_is_named(
    run: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    said = run(*arguments, env={"PIVOTAL_SANDBOX_URL": "http://127.0.0.1:1"})
    assert (said.exit_code, said.stdout) == (3, "")
    assert "http://127.0.0.1:1: start one with `pivotal-sandbox up`" in said.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "arguments",
    [["events", "customer.at_risk"], ["policy"], ["scenario", "run", "receiver-outage"]],
)
def test_any_encoding_of_stdout_is_written_without_a_traceback(
    arguments: list[str], encoding: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pivotal_sandbox", *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding, "TERM": "dumb"},
        capture_output=True,
    )
    assert (done.returncode, done.stdout != b"") == (0, True), done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_end_no_command_with_a_traceback(closed: str) -> None:
    program = f"{sys.executable} -m pivotal_sandbox"
    done = subprocess.run(
        ["sh", "-c", f"{program} sign --secret s {closed}; {program} events {closed}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
