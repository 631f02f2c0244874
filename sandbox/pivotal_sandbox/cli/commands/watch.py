"""`watch`: each saved change of a handler is tried at once."""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from pivotal_sandbox.cli.attempt_output import colour, describe_consequence
from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.options import allow_host_option
from pivotal_sandbox.cli.output import (
    json_option,
    milliseconds,
    note,
    print_json,
    printable,
)
from pivotal_sandbox.cli.signals import on_stop
from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.text import format_count
from pivotal_sandbox.errors import InputError, SandboxError

if TYPE_CHECKING:
    from pivotal_sandbox.check.model import Report

SEEN = 200  # deliveries, newest first, that are looked through
MOST = 10  # failed events that are sent again
WAIT_S = 15  # for the outcome of each
BODY_SHOWN = 400  # characters of an answer
# What looks like a MAC in an answer: a handler that says what it computed can be told why.
_MAC = re.compile(r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{43}=|[0-9a-fA-F]{64})(?![A-Za-z0-9+/=])")


def _settle(ctx: click.Context, param: click.Parameter, given: str) -> int:
    try:
        return parse_duration(given)
    except InputError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH...",
)
@click.option(
    "--endpoint",
    "endpoint_id",
    metavar="ID",
    help="The endpoint of the handler; not needed where there is only one.",
)
@click.option(
    "--last",
    type=click.IntRange(1, SEEN),
    metavar="N",
    help="Send the last N events again, whatever came of them; by default those that failed, or "
    "the last one where none did.",
)
@click.option("--health", metavar="URL", help="It answers again once a GET of this is a 2xx.")
@click.option("--check", "checks", is_flag=True, help="Run the battery afterwards, too.")
@click.option(
    "--settle",
    default="1s",
    show_default=True,
    metavar="D",
    callback=_settle,
    help="How soon after a save the handler goes down, if it does to reload.",
)
@allow_host_option(
    "Ask beyond loopback whether it answers: a name, an address, a network or *; repeatable."
)
@json_option
def watch(
    paths: tuple[Path, ...],
    endpoint_id: str | None,
    last: int | None,
    health: str | None,
    checks: bool,
    settle: int,
    allow_hosts: tuple[str, ...],
    as_json: bool,
) -> None:
    """On each saved change, send the last failed deliveries again.

    It waits until the handler answers again, replays through the running sandbox, and prints what
    came of each; so it goes on until Ctrl-C.

    \b
    pivotal-sandbox watch handler.py
    pivotal-sandbox watch src --last 3 --health http://127.0.0.1:8000/healthz --check
    """
    from pivotal_sandbox.watch import Receiver, Watch

    client = Client()
    endpoint = _endpoint(client, endpoint_id)
    receiver = Receiver(endpoint["url"], health, allow_hosts)
    tries = _Tries(client, endpoint["id"], last, checks, allow_hosts, as_json)

    async def main() -> None:
        stop = asyncio.Event()
        on_stop(stop.set)
        watched = Watch(
            paths,
            receiver,
            tries.run,
            down=lambda: note("It does not answer: waiting until it does, or for the next save."),
            settle_ms=settle,
        )
        names = ", ".join(map(str, paths))
        await watched.run(
            stop,
            ready=lambda: note(f"Watching {names} for {endpoint['url']}; Ctrl-C stops it."),
        )

    asyncio.run(main())
    note("Stopped.")


def _endpoint(client: Client, id: str | None) -> Json:
    """Return the endpoint of that id, or the only one."""
    if id is not None:
        return client.get("endpoints", id)
    found = list(client.all("endpoints", query={}))
    if len(found) == 1:
        return client.get("endpoints", found[0]["id"])
    ids = "".join(f"\n  {row['id']}  {row['url']}" for row in found)
    raise InputError(f"Which endpoint is the handler's? Name it by --endpoint:{ids}")


@dataclass
class _Tries:
    """Sends again, waits, and tells."""

    client: Client
    endpoint_id: str
    last: int | None
    checks: bool
    allow_hosts: tuple[str, ...]
    as_json: bool
    number: int = field(default=0)

    async def run(self, changed: list[str]) -> None:
        """Try the handler as it is now; what stands in the way is told, and the watch goes on."""
        self.number += 1
        try:
            sent = await asyncio.to_thread(self._sent)
            # The URL and the secret that the endpoint has now.
            report = await self._report() if self.checks else None
        except SandboxError as error:
            note(str(error))
            return
        if self.as_json:
            self._print_json(changed, sent, report)
            return
        names = ", ".join(Path(path).name for path in changed)
        click.secho(f"{self.number}  {printable(names)}", bold=True)
        for found in sent:
            click.echo(_outcome_line(self.client, found))
        passed = sum(found["status"] == "delivered" for found in sent)
        if not sent:
            note("Nothing was delivered to it yet: trigger an event, then save again.")
        else:
            style = "green" if passed == len(sent) else "red"
            click.secho(f"{passed} of {format_count(len(sent), 'delivery')} passed", fg=style)
        if report is not None:
            from pivotal_sandbox.check.reports import render

            click.echo(render(report, "text").rstrip("\n").encode("utf-8", "backslashreplace"))

    def _sent(self) -> list[Json]:
        """Replay, and return the deliveries after their first attempts, oldest event first."""
        ids = self._chosen()
        if not ids:
            return []
        replayed = self.client.call("POST", "deliveries", "replay", body={"ids": ids})["items"]
        return [
            self.client.call(
                "GET",
                "deliveries",
                row["id"],
                query={"wait": f"{WAIT_S}s"},
                wait_s=WAIT_S + 5,
            )
            for row in replayed
        ]

    def _chosen(self) -> list[str]:
        """Return the deliveries to replay: the newest one of each event."""
        query = {"endpoint_id": self.endpoint_id, "limit": SEEN}
        newest: dict[str, Json] = {}
        for row in self.client.get("deliveries", query=query)["items"]:
            newest.setdefault(row["event_id"], row)
        rows = [row for row in newest.values() if row["status"] not in ("pending", "cancelled")]
        if self.last is not None:
            chosen = rows[: self.last]
        else:
            failed = [row for row in rows if row["status"] != "delivered"]
            chosen = failed[:MOST] or rows[:1]
        return [row["id"] for row in reversed(chosen)]

    async def _report(self) -> "Report":
        from pivotal_sandbox.check import runner
        from pivotal_sandbox.check.options import CheckOptions

        endpoint = await asyncio.to_thread(self.client.get, "endpoints", self.endpoint_id)
        options = CheckOptions(allow_host=self.allow_hosts)
        return await runner.check(endpoint["url"], endpoint["secret"], options)

    def _print_json(self, changed: list[str], sent: list[Json], report: "Report | None") -> None:
        line: dict[str, Any] = {
            "changed": changed,
            "passed": all(found["status"] == "delivered" for found in sent),
            "deliveries": sent,
        }
        if report is not None:
            line["check"] = {"passed": report.passed, "grade": report.grade}
        print_json(line)


def _outcome_line(client: Client, found: Json) -> str:
    """Return what came of a delivery and, where it failed, why."""
    delivered = found["status"] == "delivered"
    mark = click.style("✓" if delivered else "✗", fg=colour(found["status"]))
    head = f"  {mark} {found['event_type']:<21}"
    if not found["attempts"]:
        return f"{head}not tried in {WAIT_S} s"
    attempt = found["attempts"][-1]
    ended = attempt["status_code"] or attempt["error"]
    took, consequence = milliseconds(attempt["duration_ms"]), describe_consequence(found, attempt)
    lines = [f"{head}{ended}  {took}  {consequence}{'' if delivered else '  ' + found['id']}"]
    if not delivered:
        lines += [f"      {printable(line)}" for line in _why(client, found, attempt)]
    return "\n".join(lines)


def _why(client: Client, found: Json, attempt: Json) -> list[str]:
    """Return the lines that explain a failed attempt."""
    answer = attempt["response"]
    if answer is None:
        return [attempt["detail"] or attempt["error"]]
    said = str(answer["body"] or "")[:BODY_SHOWN].splitlines()
    if attempt["status_code"] not in (400, 401, 403):
        return said
    computed = _MAC.search(str(answer["body"] or ""))
    if computed is None:
        return [
            *said,
            "If it is the signature, this names the mistake behind the MAC that your code came to:",
            f"pivotal-sandbox explain --delivery {found['id']} --computed MAC",
        ]
    from pivotal_sandbox.explain.explain import explain

    headers = tuple((name.lower(), value) for name, value in attempt["request"]["headers"])
    told = explain(
        msgspec.json.encode(found["event"]["body"]),
        dict(headers).get(SIGNATURE_HEADER),
        (client.get("endpoints", found["endpoint_id"])["secret"],),
        now=None,
        computed=computed[0],
        headers=headers,
    )
    return [
        *said,
        told.sentence,
        *(f"{mistake.id}: {mistake.help} {mistake.mend}" for mistake in told.mistakes),
    ]
