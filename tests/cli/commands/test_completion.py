import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pivotal_sandbox.cli.main import COMMANDS

Run = Callable[..., Result]

# Completes the last word as bash does when Tab is pressed.
TAB = """
eval "$(pivotal-sandbox completion bash)"
COMP_WORDS=(pivotal-sandbox "$@") COMP_CWORD=$#
_pivotal_sandbox_completion pivotal-sandbox
printf '%s\\n' "${COMPREPLY[@]}"
"""
needs_bash = pytest.mark.needs("bash")


def tab(*words: str) -> list[str]:
    """Return what bash offers for the last of the words."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = subprocess.run(
        ["bash", "--norc", "-c", TAB, "bash", *words],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert said.stderr == ""
    return said.stdout.split()


@needs_bash
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("endp",), ["endpoints"]),
        (("--ver",), ["--version"]),
        (("endpoints", "r"), ["rm", "rotate"]),
        (("trigger", "customer.at"), ["customer.at_risk"]),
        (("endpoints", "add", "--type", "task.o"), ["task.overdue"]),
        (("records", "list", "on"), ["onboarding"]),
        (("deliveries", "list", "--status", "de"), ["delivered"]),
        (("completion", ""), ["bash", "fish", "zsh"]),
        (("bins", "set", "demo", "--forw"), ["--forward-to"]),
    ],
)
def test_bash_completes(words: tuple[str, ...], offered: list[str]) -> None:
    assert sorted(tab(*words)) == offered


def test_to_complete_a_command_none_is_imported() -> None:
    program = (
        "import atexit, sys; before = {*sys.modules}; sys.argv[1:] = []\n"
        "atexit.register(lambda: print(*{*sys.modules} - before, file=sys.stderr))\n"
        "from pivotal_sandbox.cli.main import main; main()"
    )
    asked = {"_PIVOTAL_SANDBOX_COMPLETE": "zsh_complete", "COMP_CWORD": "1"}
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | asked | {"COMP_WORDS": "pivotal-sandbox ca"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines()[1::3] == ["captures"]
    assert said.stdout.splitlines()[2::3] == [COMMANDS["captures"][1]]
    loaded = set(said.stderr.split())
    assert "pivotal_sandbox.cli.main" in loaded
    assert {name for name in loaded if name.startswith("pivotal_sandbox.cli.")} == {
        "pivotal_sandbox.cli.main"
    }


@pytest.mark.parametrize(
    ("shell", "registers"),
    [
        ("bash", "complete -o nosort -F _pivotal_sandbox_completion pivotal-sandbox"),
        ("zsh", "#compdef pivotal-sandbox"),
        ("fish", "complete --no-files --command pivotal-sandbox"),
    ],
)
def test_each_shell_has_its_script(run: Run, shell: str, registers: str) -> None:
    said = run("completion", shell)
    assert said.exit_code == 0
    assert registers in said.stdout
    assert "_PIVOTAL_SANDBOX_COMPLETE" in said.stdout


@pytest.mark.parametrize(
    "shell", [pytest.param(shell, marks=pytest.mark.needs(shell)) for shell in ("zsh", "fish")]
)
def test_the_script_is_one_that_the_shell_reads(run: Run, shell: str) -> None:
    script = run("completion", shell).stdout
    subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=60)


def test_another_shell_is_wrong_usage(run: Run) -> None:
    said = run("completion", "tcsh")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish'" in said.stderr
