"""The command tree. It imports click only; a command's module is imported when it is run."""

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from pivotal_sandbox import __version__
from pivotal_sandbox.errors import SandboxError, UnreachableError, did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Command: its module here, and its help in one line, so that the list needs no module.
COMMANDS = {
    "up": ("up", "Run the sender and a capture receiver, until Ctrl-C."),
    "demo": ("demo", "Watch two minutes of it: events, an outage, retries, a replay."),
    "trigger": ("trigger", "Make an event happen, and send it."),
    "wait": ("wait", "Wait until deliveries of an event type are so."),
    "deliveries": ("deliveries", "Read the log of deliveries, replay from it, and export it."),
    "endpoints": ("endpoints", "Add, show and change the endpoints that events go to."),
    "records": ("records", "Read and change the records whose changes fire events."),
    "captures": ("captures", "Read what was sent to the bins at /in/NAME, and export it."),
    "bins": ("bins", "Say how the bins at /in/NAME answer, and what they verify with."),
    "clock": ("clock", "Show the sandbox's time, and move it."),
    "chaos": ("chaos", "Let things go wrong by chance, and see what does."),
    "events": ("events", "List the event types, or show one with schema and example."),
    "check": ("check", "Throw genuine and hostile requests at a receiver, and grade it."),
    "load": ("load", "Put a receiver under a load of signed events."),
    "simulate": ("simulate", "Let customers live: a stream of believable events, at a rate."),
    "scenario": ("scenario", "Tell stories from files, and see whether what they expect holds."),
    "watch": ("watch", "On each saved change, send the last failed deliveries again."),
    "new": ("new", "Write a receiver to start from, in the stack that you have."),
    "sign": ("signature", "Print the signature header of a body."),
    "verify": ("signature", "Say whether a signature header holds for a body."),
    "explain": ("explain", "Name the mistake that makes a wrong signature."),
    "policy": ("documents", "Print how Pivotal delivers: documented, and assumed."),
    "vectors": ("documents", "Print the signature vectors that test any implementation."),
    "openapi": ("documents", "Print the OpenAPI description of the REST API and its webhooks."),
    "asyncapi": ("documents", "Print the AsyncAPI description of all events."),
    "completion": ("documents", "Print the script that completes commands in a shell."),
}

EPILOG = """\b
Exit codes: 0 ok · 1 what was asked about is not so · 2 wrong usage ·
3 the sandbox, or the target, cannot be reached.
Environment: PIVOTAL_SANDBOX_URL (http://127.0.0.1:8400),
PIVOTAL_SANDBOX_TOKEN, PIVOTAL_SANDBOX_TIMEOUT, PIVOTAL_WEBHOOK_SECRET,
NO_COLOR, and one for each option of `up`."""


class Refused(click.ClickException):
    """What was given is wrong, or this machine does not take it."""

    exit_code = 2


class Unreachable(click.ClickException):
    """Neither here nor there: no sandbox, or no target, answers."""

    exit_code = 3


class Commands(click.Group):
    """The commands of the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(
            import_module(f"pivotal_sandbox.cli.commands.{COMMANDS[name][0]}"), name
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        # The group's own way imports every command for its help, which the table has.
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=line)
            for name, (_, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f'There is no command "{args[0]}".{did_you_mean(args[0], COMMANDS)}')
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except UnreachableError as error:
            raise Unreachable(str(error)) from error
        except SandboxError as error:
            raise Refused(str(error)) from error
        except BrokenPipeError:
            raise  # click ends quietly where nobody reads on
        except OSError as error:
            raise Refused(f"{error.strerror or error}.") from error


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pivotal-sandbox")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Pivotal's webhook sender and a capture receiver, on your own machine.

    Data goes to stdout, all else to stderr; --json makes the data JSON.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> None:
    """Run the command line and exit."""
    _make_streams_usable()
    cli(prog_name="pivotal-sandbox")


def _make_streams_usable() -> None:
    """Let no closed stream and no narrow encoding end a command with a traceback."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before the program started, as by `<&-`
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  open until the process ends
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
