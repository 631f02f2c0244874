"""`up`: the sender and the capture receiver in one process, and what it says meanwhile."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pivotal_sandbox import __version__
from pivotal_sandbox.cli.background_printer import BackgroundPrinter
from pivotal_sandbox.cli.output import json_option, note, print_json
from pivotal_sandbox.common.durations import SECOND, format_duration, parse_duration
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.errors import InputError

if TYPE_CHECKING:
    from pivotal_sandbox.feed import Activity
    from pivotal_sandbox.web.server import Running

F = TypeVar("F", bound=Callable[..., Any])

DATABASE = Path("pivotal-sandbox.db")


def _duration(ctx: click.Context, param: click.Parameter, given: str) -> int:
    try:
        duration = parse_duration(given)
    except InputError as error:
        raise click.BadParameter(str(error)) from None
    if duration < SECOND:
        raise click.BadParameter("Nothing would stay in the log: keep it for 1s at least.")
    return duration


def _chaos(ctx: click.Context, param: click.Parameter, given: str) -> str:
    from pivotal_sandbox.faults.chaos import parse_chaos

    try:
        return parse_chaos(given).spec
    except InputError as error:
        raise click.BadParameter(str(error)) from None


def setting(flag: str, *more: str, **about: Any) -> Callable[[F], F]:
    """Return an option that a variable of the environment can stand for."""
    variable = f"PIVOTAL_SANDBOX_{flag.removeprefix('--').replace('-', '_').upper()}"
    return click.option(flag, *more, envvar=variable, show_envvar=True, **about)


@click.command()
@setting(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; beyond loopback, the API asks for a token.",
)
@setting(
    "--port",
    type=click.IntRange(0, 65535),
    default=8400,
    show_default=True,
    help="0 picks a free one.",
)
@setting(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The file that keeps the log; by default ./{DATABASE}.",
)
@setting("--ephemeral", is_flag=True, help="Keep the log in memory only.")
@setting(
    "--keep",
    default=format_duration(retry_policy.RETENTION),
    show_default=True,
    callback=_duration,
    metavar="D",
    help="For how long deliveries and captures stay in the log.",
)
@setting("--to", metavar="URL", help="Deliver to your own handler, not the built-in bin.")
@setting(
    "--speed",
    type=float,
    default=1.0,
    metavar="N",
    help="Let time run N times as fast; 0 stops it.",
)
@setting("--seed", type=int, metavar="N", help="Make ids, records and jitter reproducible.")
@setting(
    "--chaos",
    default="",
    callback=_chaos,
    metavar="SPEC",
    help="Let things go wrong by chance: 5xx=10%,delay=200ms..2s,duplicate=5%.",
)
@setting(
    "--catalog",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Event types of your own: a catalog, or an OpenAPI document (JSON, YAML) with webhooks.",
)
@setting(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="HOST",
    help="Deliver beyond loopback: a name, an address, a network or *; repeatable, in the "
    "variable with spaces between.",
)
@setting(
    "--token",
    metavar="TOKEN",
    help="What callers of the API must send; made up if the host is not loopback.",
)
@setting("--open", "open_page", is_flag=True, help="Open the inspector in your browser.")
@setting(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write url, pid, endpoint_id, secret and token there, as JSON, once it answers.",
)
@json_option
@click.pass_context
def up(
    ctx: click.Context,
    host: str,
    port: int,
    db: Path | None,
    ephemeral: bool,
    keep: int,
    to: str | None,
    speed: float,
    seed: int | None,
    chaos: str,
    catalog: Path | None,
    allow_hosts: tuple[str, ...],
    token: str | None,
    open_page: bool,
    ready_file: Path | None,
    as_json: bool,
) -> None:
    """Run the sender and a capture receiver, until Ctrl-C.

    The first run makes an endpoint of test mode and sends it a ping. Each attempt to deliver is a
    line on stdout.
    """
    if ephemeral and db:
        # What is typed for this run goes before what a variable says for all of them.
        if _is_typed(ctx, "ephemeral") == _is_typed(ctx, "db"):
            raise click.UsageError("--ephemeral keeps nothing, so there is no --db to name.")
        ephemeral = _is_typed(ctx, "ephemeral")
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise click.BadParameter("A token is printable ASCII without spaces.", param_hint="--token")
    if ready_file and not os.access(ready_file.parent, os.W_OK):
        raise click.BadParameter(
            f"{ready_file.parent} is no folder that can be written to.", param_hint="--ready-file"
        )
    if ready_file:  # whoever waits for it must not find the one of an earlier run
        ready_file.unlink(missing_ok=True)
    from pivotal_sandbox.cli.activity_output import json_line, text_line
    from pivotal_sandbox.feed import Attempted
    from pivotal_sandbox.web.server import Settings, run

    kept = None if ephemeral else db or DATABASE
    scroll = BackgroundPrinter[Attempted](json_line if as_json else text_line)

    def on_ready(running: "Running") -> None:
        if as_json:
            print_json(_ready(running))
        else:
            click.echo(banner(running, kept), err=True)
        if open_page:
            Thread(target=show_page, args=(running,), daemon=True).start()
        scroll.start()

    def on_activity(activity: "Activity") -> None:
        if isinstance(activity, Attempted):
            scroll.add(activity)

    settings = Settings(
        host=host,
        port=port,
        db=kept,
        to=to,
        speed=speed,
        seed=seed,
        chaos=chaos,
        catalog=catalog,
        allow_hosts=allow_hosts,
        token=token or None,
        keep=keep,
        ready_file=ready_file,
    )
    run(settings, on_ready=on_ready, on_activity=on_activity)
    scroll.close()
    after = "\n" if sys.stderr.isatty() else ""  # the terminal has just shown ^C
    click.echo(f"{after}Stopped.{f' The log is in {kept}.' if kept else ''}", err=True)


def _is_typed(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def banner(running: "Running", kept: Path | None) -> str:
    """Return what a newcomer reads first: where it is, what to do next."""
    from pivotal_sandbox.cli.client import (  # once it answers, not before
        DEFAULT_URL,
        TOKEN,
        VARIABLE,
    )

    endpoint = running.endpoint
    state = "" if endpoint.enabled else ", disabled"
    facts = {
        "endpoint": f"{endpoint.url}  ({endpoint.mode} mode{state})",
        "secret": endpoint.secret,
        "log": str(kept or "in memory, gone when this stops"),
    }
    if running.token:
        facts["token"] = running.token
    command = program()
    steps = [
        f"{command} trigger customer.at_risk --wait",
        f"{command} deliveries list",
        f"{command} clock advance 24h",
    ]
    if not endpoint.enabled:
        steps.insert(0, f"{command} endpoints update {endpoint.id} --enable")
    if running.url != DEFAULT_URL:
        steps.insert(0, f"export {VARIABLE}={running.url}")
    if running.token:
        from shlex import quote

        steps.insert(0, f"export {TOKEN}={quote(running.token)}")
    lines = [
        "",
        f"{click.style(f'Pivotal sandbox {__version__}', bold=True)}  {running.url}",
        "",
        *(f"{click.style(f'{name:<10}', dim=True)}{fact}" for name, fact in facts.items()),
        "",
        "Next, in another terminal:",
        *(click.style(f"  {step}", fg="cyan") for step in steps),
        "",
        "Ctrl-C stops it.",
        "",
    ]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def show_page(running: "Running") -> None:
    """Open the inspector; a browser in the terminal returns only when it is left."""
    from urllib.parse import quote
    from webbrowser import open as open_in_browser

    link = f"{running.url}/?token={quote(running.token)}" if running.token else running.url
    if not open_in_browser(link):
        note(f"No browser could be opened: go to {link} yourself.")


def program() -> str:
    """Return how this command was called, for commands that one can copy."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{Path(sys.executable).name} -m pivotal_sandbox"
    if shutil.which(called.name) is not None:
        return called.name
    near = os.path.relpath(called)
    return str(called.absolute()) if near.startswith("..") else near


def _ready(running: "Running") -> dict[str, object]:
    return {
        "type": "ready",
        "url": running.url,
        "pid": os.getpid(),
        "endpoint_id": running.endpoint.id,
        "secret": running.endpoint.secret,
    } | ({"token": running.token} if running.token else {})
