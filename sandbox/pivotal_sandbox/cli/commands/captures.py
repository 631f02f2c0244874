"""`captures`: what the capture receiver of a running sandbox was sent."""

from typing import Any

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.export_options import export_options, export_request
from pivotal_sandbox.cli.options import all_of
from pivotal_sandbox.cli.output import (
    code_of,
    console,
    json_option,
    milliseconds,
    moment,
    note,
    pretty,
    print_facts,
    print_headers,
    print_json,
    print_table,
    printable,
)
from pivotal_sandbox.cli.pagination import list_items, page_options, print_items, search_options
from pivotal_sandbox.common.text import format_count

filters = all_of(
    click.option("--bin", metavar="NAME", help="Those of one bin."),
    click.option(
        "--verified/--refused",
        default=None,
        help="Those whose signature holds, or does not.",
    ),
    search_options("path, headers or body"),
)


@click.group()
def captures() -> None:
    """Read what was sent to the bins at /in/NAME, and export it."""


@captures.command("list")
@filters
@page_options
@json_option
def list_(limit: int, everything: bool, as_json: bool, **given: Any) -> None:
    """Print captures, newest first."""
    rows, more = list_items(
        Client(), "captures", query=_query(given), limit=limit, everything=everything
    )
    print_items(rows, "capture", _print_table, more=more, as_json=as_json)


def _print_table(rows: list[Json]) -> None:
    print_table(
        ("CAPTURE", "BIN", "METHOD", "ANSWER", "SIGNATURE", "RECEIVED (UTC)", "PATH"),
        [
            (
                row["id"],
                row["bin"],
                row["method"],
                code_of(row["response"]["status"]),
                _signature(row),
                moment(row["received_at"]),
                _target(row),
            )
            for row in rows
        ],
    )


@captures.command()
@click.argument("capture", metavar="ID")
@json_option
def show(capture: str, as_json: bool) -> None:
    """Print one capture: what came in, the verdict, and what was answered."""
    found = Client().get("captures", capture)
    if as_json:
        print_json(found)
        return
    answer, passed_on = found["response"], found["forwarded"]
    facts = (
        ("capture", found["id"]),
        ("received", f"{moment(found['received_at'])} UTC from {found['peer'] or 'nowhere'}"),
        ("verdict", found["verdict"]),
        ("answered", answer["status"] and f"{answer['status']} in {_took(answer)}"),
        ("passed to", passed_on and f"{passed_on['url']}  {_outcome(passed_on)}"),
    )
    print_facts(facts)
    click.echo()
    click.secho(printable(f"{found['method']} {_target(found)}"), bold=True)
    print_headers("", found["headers"])
    if found["body"]:
        click.echo()
        console().print(pretty(found["body"]))


@captures.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filters
@export_options("a capture")
def export(
    ids: tuple[str, ...],
    form: str | None,
    to: str | None,
    re_sign: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Print captures, oldest first, as what sends the same requests again.

    Those named, or all that match. A script, a test and a scenario repeat method, path, headers and
    body to the byte, at the bin where they came in or at your receiver.

    \b
    pivotal-sandbox captures export --bin demo > captures.jsonl
    pivotal-sandbox captures export --as curl --since 1h | sh
    pivotal-sandbox captures export --as pytest --to http://127.0.0.1:8000/hook > test_hook.py
    """
    wish = export_request(form, to, re_sign, as_json)
    query = _query(given)
    if ids and any(value is not None for value in query.values()):
        raise click.UsageError("Name captures, or choose them by options such as --bin demo.")
    client = Client()
    if ids:
        rows = [client.get("captures", id) for id in ids]
    else:
        rows, _ = list_items(client, "captures", query=query, limit=1, everything=True)
        rows.reverse()
    if wish.lines:
        for row in rows:
            print_json(row)
    elif rows:
        from pivotal_sandbox.cli.export_source import capture_sent

        sent = [capture_sent(row, client.url.encode().decode("latin-1")) for row in rows]
        click.echo(wish.text(sent).encode(), nl=False)
    note(f"{format_count(len(rows), 'capture')}." if rows else "No capture matches.")


@captures.command()
@click.option("--bin", metavar="NAME", help="Those of one bin only.")
@json_option
def clear(bin: str | None, as_json: bool) -> None:
    """Forget captures: those of a bin, or all."""
    answer = Client().call("DELETE", "captures", query={"bin": bin})
    if as_json:
        print_json(answer)
    else:
        note(f"{format_count(answer['deleted'], 'capture')} deleted.")


def _query(given: Json) -> Json:
    verified = given["verified"]
    return {**given, "verified": None if verified is None else str(verified).lower()}


def _signature(capture: Json) -> str:
    if capture["verified"]:
        return "valid"
    return str(capture["reason"] or ("no secret" if capture["signed"] else "-"))


def _target(capture: Json) -> str:
    path, query = capture["path"], capture["query"]
    return f"{path}?{query}" if query else f"{path}"


def _outcome(passed_on: Json) -> str:
    ended = passed_on["status_code"] or passed_on["detail"] or passed_on["error"]
    return f"{ended} in {_took(passed_on)}"


def _took(answer: Json) -> str:
    return milliseconds(answer["duration_ms"])
