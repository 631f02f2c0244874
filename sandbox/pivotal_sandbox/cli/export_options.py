"""What the commands that export have in common: the form, the target, and the file's text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pivotal_sandbox import __version__
from pivotal_sandbox.cli.options import F, all_of
from pivotal_sandbox.cli.output import json_option
from pivotal_sandbox.errors import did_you_mean

if TYPE_CHECKING:
    from pivotal_sandbox.exports.exchange import ExportedRequest

LINES = "jsonl"
NAMES = ("scenario", "curl", "httpie", "har", "pytest", LINES)


class _Name(click.Choice[str]):
    """One of the forms; another name is answered by the nearest."""

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:
        hint = did_you_mean(value, NAMES) or f" There are: {', '.join(NAMES)}."
        return f'There is no export as "{value:.40}".{hint}'


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """How to export: in which form, to which URL instead, and whether signed anew."""

    form: str
    to: str | None
    re_sign: bool

    @property
    def lines(self) -> bool:
        """Whether the API's own JSON is wanted, as it is."""
        return self.form == LINES

    def text(self, sent: "Sequence[ExportedRequest]") -> str:
        """Return the file of what was sent, the oldest first."""
        from pivotal_sandbox.exports.formats import ExportOptions, export, get_form

        if self.to is not None:
            sent = [request.to(self.to) for request in sent]
        in_order = sorted(sent, key=lambda request: request.at)
        return export(in_order, get_form(self.form), ExportOptions(__version__, self.re_sign))


def export_request(form: str | None, to: str | None, re_sign: bool, as_json: bool) -> ExportRequest:
    """Return what the options say.

    Raises `click.UsageError` where they contradict each other, `InputError` for a URL that is none.
    """
    if as_json and form not in (None, LINES):
        raise click.UsageError(f"--as {form} is one thing and --json another: give one of them.")
    form = form or LINES
    if to is not None and form in (LINES, "har"):
        raise click.UsageError(f"--as {form} is a record, and is sent nowhere: leave out --to.")
    if to is not None:
        from pivotal_sandbox.common.urls import parse_url

        parse_url(to)
    if re_sign and form == "pytest":
        raise click.UsageError(
            "The tests sign anew wherever PIVOTAL_WEBHOOK_SECRET is set: leave out --re-sign."
        )
    if re_sign and form in (LINES, "har"):
        raise click.UsageError(f"--as {form} is a record of what was signed: leave out --re-sign.")
    return ExportRequest(form, to, re_sign)


def export_options(rows: str) -> Callable[[F], F]:
    """Return the options of an export; `rows` is what a line of JSON holds."""
    return all_of(
        click.option(
            "--as",
            "form",
            type=_Name(NAMES),
            help=f"A scenario, a shell script for curl or HTTPie, an HTTP Archive, a test file for "
            f"pytest, or, by default, {rows} as a line of JSON each.",
        ),
        click.option("--to", metavar="URL", help="Send to this receiver instead."),
        click.option(
            "--re-sign",
            is_flag=True,
            help="Sign anew when it is run, by the secret that is then in PIVOTAL_WEBHOOK_SECRET, "
            "instead of repeating signatures that grow old.",
        ),
        json_option,
    )
