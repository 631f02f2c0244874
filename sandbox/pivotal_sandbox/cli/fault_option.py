"""The option that spoils what is sent, and what there is to choose from."""

from textwrap import fill

import click
from click.shell_completion import CompletionItem

from pivotal_sandbox.faults.registry import FAULTS, get_fault


def faults(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a fault."""
    return [
        CompletionItem(fault.name, help=fault.help)
        for fault in FAULTS
        if fault.name.startswith(incomplete)
    ]


def _known(ctx: click.Context, param: click.Parameter, name: str | None) -> str | None:
    return None if name is None else get_fault(name).name


fault_option = click.option(
    "--fault",
    metavar="NAME",
    callback=_known,
    shell_complete=faults,
    help="Spoil it on purpose; the names are below.",
)


def list_of_faults() -> str:
    """Return all names by group, as an epilogue of a help shows them."""
    groups: dict[str, list[str]] = {}
    for fault in FAULTS:
        groups.setdefault(fault.group, []).append(fault.name)
    # Wrapped here: left to itself, the help would break the names at their hyphens.
    paragraphs = [
        fill(f"Faults of {group}: {', '.join(names)}.", 76, break_on_hyphens=False)
        for group, names in groups.items()
    ]
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in paragraphs)
