"""docs/faults.md: its tables are the program's, and its commands run.

`python tests/faults/test_faults_page.py` writes the tables anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from shlex import split

import click
import pytest

from pivotal_sandbox.cli.main import cli
from pivotal_sandbox.faults.chaos import DELAY, NETWORK, parse_chaos
from pivotal_sandbox.faults.registry import FAULTS, Fault

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
GROUPS = ("signature", "traffic", "content", "transport")
_TABLE = re.compile(r"(<!-- (?!end)(\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def row(fault: Fault) -> str:
    """Return a fault's line of its table."""
    first = "" if fault.every else " (first attempt)"
    genuine = "yes" if fault.valid else "no"
    return f"| `{fault.name}`{first} | {fault.help} | {fault.answer} | {genuine} |"


def table(name: str) -> str:
    """Return the table of a group of faults, or of what chaos has besides."""
    if name == "chaos":
        rows = [
            f"| `{name}` | {help} | `{name}={'200ms..2s' if name == DELAY else '10%'}` |"
            for name, help in NETWORK.items()
        ]
        return "\n".join(["| name | what happens | as in |", "|---|---|---|", *rows])
    rows = [row(fault) for fault in FAULTS if fault.group == name]
    head = "| fault | on the wire | what a right receiver answers | accepted |"
    return "\n".join([head, "|---|---|---|---|", *rows])


def written(page: str) -> str:
    """Return the page with its tables as they should be."""
    return _TABLE.sub(lambda found: f"{found[1]}{table(found[2])}\n", page)


def commands() -> Iterator[list[str]]:
    """Yield the commands of the page, as words."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for line in "".join(blocks).splitlines():
        yield split(line)


def test_the_tables_are_the_program_s() -> None:
    page = PAGE.read_text("utf-8")
    assert [found[2] for found in _TABLE.finditer(page)] == [*GROUPS, "chaos"]
    assert page == written(page), "Write them anew: python tests/faults/test_faults_page.py"


def test_each_command_is_one_that_there_is_and_all_faults_have_an_example() -> None:
    named = set()
    for program, *words in commands():
        assert program == "pivotal-sandbox", words
        parsed = parse(words)
        named.add(parsed.get("fault"))
        if "spec" in parsed or parsed.get("chaos"):
            parse_chaos(str(parsed.get("spec", parsed.get("chaos"))))
    assert {fault.name for fault in FAULTS} <= named


def parse(words: list[str]) -> dict[str, object]:
    """Return the parameters that the command line reads from the words."""
    command: click.Command = cli
    context = click.Context(cli, info_name="pivotal-sandbox", **cli.context_settings)
    while isinstance(command, click.Group):
        name, *words = words
        below = command.get_command(context, name)
        assert below is not None, name
        command, context = below, click.Context(below, info_name=name, parent=context)
    return command.make_context(command.name, words, parent=context.parent).params


@pytest.mark.parametrize("group", GROUPS)
def test_no_table_is_empty(group: str) -> None:
    assert table(group).count("\n") > 4


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
