"""The documentation is true: its commands run, its tables are the program's, nothing is left out.

`python tests/test_docs.py` writes docs/commands.md anew.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pivotal_sandbox import __version__
from pivotal_sandbox.cli.main import cli
from pivotal_sandbox.domain.retry_policy import DEFAULTS
from pivotal_sandbox.templates import templates

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```([\w-]+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for kind, block in BLOCKS if kind == "console" for line in block.splitlines()]
# What a reader types after "$ ", and what is printed then; "..." stands for any lines.
SESSIONS = [
    (typed, printed)
    for kind, block in BLOCKS
    if kind == "shell-session"
    for typed, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]
MAKE = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
PAGE = ROOT / "docs" / "commands.md"
DEADLINE = 60  # seconds


def commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield a command and all below it, as one would read them."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, click.Context(below, info_name=name, parent=context))


def commands_page() -> str:
    """Return the page: the help of every command, as the terminal shows it."""
    parts = ["# Commands\n\nWhat `--help` says of each, made by `python tests/test_docs.py`.\n"]
    root = click.Context(
        cli, info_name="pivotal-sandbox", max_content_width=80, **cli.context_settings
    )
    for command, context in commands(cli, root):
        level = "##" if context.parent is None or context.parent is root else "###"
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"{level} {context.command_path}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder, and an environment in which the commands find a sandbox and a handler."""
    folder = tmp_path_factory.mktemp("reader")
    (handler,) = [block for kind, block in BLOCKS if kind == "python"]
    (folder / "handler.py").write_text(handler, "utf-8")
    for version in (ROOT / "tests" / "check" / "first_handler").glob("*.py"):
        shutil.copy(version, folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PIVOTAL_WEBHOOK_SECRET": "whsec_dev"}
    up = subprocess.Popen(
        ["pivotal-sandbox", "up", "--port", "0", "--ephemeral", "--ready-file", "ready.json"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    flask = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "handler", "run", "--port", "0"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stdout is not None
        assert flask.stderr is not None
        assert up.stdout.readline(), up.poll()
        url = re.search(r'"url": ?"([^"]+)"', (folder / "ready.json").read_text())
        assert url is not None
        port = next(
            found[1]
            for line in flask.stderr
            if (found := re.search(r"Running on http://127\.0\.0\.1:(\d+)", line))
        )
        environment["PIVOTAL_SANDBOX_URL"] = url[1]
        environment["HANDLER"] = f"127.0.0.1:{port}"
        yield folder, environment
    finally:
        for process in (up, flask):
            process.terminate()
            process.communicate(timeout=DEADLINE)


def test_the_commands_of_the_readme_run_in_its_order(place: tuple[Path, dict[str, str]]) -> None:
    # One test, because later commands show what earlier ones did.
    for command in COMMANDS:
        if command.startswith("make "):
            # Running these here would start the tests in the tests; CI and `make` itself do it.
            line = ["make", "-n", *command.split()[1:]]
            subprocess.run(line, cwd=ROOT, check=True, timeout=DEADLINE)
        elif command.startswith(". "):
            assert command == ". .venv/bin/activate"
        else:
            done = typed_at(place, command)
            assert done.returncode == 0, f"{command}\n{done.stdout}"


@pytest.mark.parametrize(("typed", "printed"), SESSIONS)
def test_each_session_of_the_readme_prints_what_it_shows(
    typed: str, printed: str, place: tuple[Path, dict[str, str]]
) -> None:
    lines = printed.splitlines(keepends=True)
    pattern = "".join("(?:.*\n)*?" if line == "...\n" else re.escape(line) for line in lines)
    shown = typed_at(place, typed).stdout
    assert re.fullmatch(pattern, shown), shown


def typed_at(
    place: tuple[Path, dict[str, str]], command: str
) -> "subprocess.CompletedProcess[str]":
    """Run what a reader types, with all that it prints on stdout."""
    folder, environment = place
    command = command.replace("http://127.0.0.1:8400", environment["PIVOTAL_SANDBOX_URL"])
    command = command.replace("127.0.0.1:8000", environment["HANDLER"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        command = command.replace("8500", str(free.getsockname()[1]))
    return subprocess.run(
        ["sh", "-ec", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_the_readme_shows_the_policy_as_it_is() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+) \| (yes|no) \|$", README, re.MULTILINE)
    assert rows == [
        (rule.name, rule.value, "yes" if rule.documented else "no") for rule in DEFAULTS
    ]


def test_the_readme_lists_the_templates_as_they_are() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+), (.+) \| (.+) \|$", README, re.MULTILINE)
    assert rows == [
        (template.name, template.language, template.framework, " and ".join(template.proven))
        for template in templates()
    ]


def test_every_command_and_flag_is_on_the_commands_page() -> None:
    # In a process of its own: click keeps the first help option that a command was asked for.
    program = f"import runpy; print(runpy.run_path({__file__!r})['commands_page'](), end='')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert PAGE.read_text("utf-8") == done.stdout, "Write it anew: python tests/test_docs.py"


def test_every_command_and_flag_has_a_help_of_its_own() -> None:
    root = click.Context(cli, info_name="pivotal-sandbox", **cli.context_settings)
    for command, context in commands(cli, root):
        assert command.get_short_help_str(), context.command_path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (context.command_path, parameter.name)


def test_what_make_can_do_is_in_its_help() -> None:
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in MAKE.findall(README):
        assert f"make {target}" in listed


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


if __name__ == "__main__":
    PAGE.write_text(commands_page(), "utf-8")
