"""The command tree. It imports click only; a command's module is imported when it is run."""

import os
from importlib import import_module

import click

from pivotal_sandbox import __version__
from pivotal_sandbox.errors import SandboxError, UnreachableError, did_you_mean

# Command: its module here, and its help in one line, so that the list needs no module.
COMMANDS = {
    "up": ("up", "Run the sender and a capture receiver, until Ctrl-C."),
    "trigger": ("trigger", "Make an event happen, and send it."),
    "deliveries": ("deliveries", "Read the log of deliveries, and replay from it."),
    "clock": ("clock", "Show the sandbox's time, and move it."),
    "events": ("events", "List the event types, or show one with schema and example."),
    "sign": ("signature", "Print the signature header of a body."),
    "verify": ("signature", "Say whether a signature header holds for a body."),
    "policy": ("policy", "Print how Pivotal delivers: documented, and assumed."),
}

EPILOG = """\b
Exit codes: 0 ok · 1 what was asked about is not so · 2 wrong usage ·
3 the sandbox, or the target, cannot be reached.
Environment: PIVOTAL_SANDBOX_URL (http://127.0.0.1:8400),
PIVOTAL_WEBHOOK_SECRET, NO_COLOR."""


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
            import_module(f"pivotal_sandbox.cli.{COMMANDS[name][0]}"), name
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

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
    cli(prog_name="pivotal-sandbox")
