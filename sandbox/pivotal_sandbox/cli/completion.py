"""`completion`: what makes a shell complete this command."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "pivotal-sandbox"
VARIABLE = "_PIVOTAL_SANDBOX_COMPLETE"  # click asks for it, under a name made of the program's


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    \b
    bash  eval "$(pivotal-sandbox completion bash)"      in ~/.bashrc
    zsh   eval "$(pivotal-sandbox completion zsh)"       in ~/.zshrc
    fish  pivotal-sandbox completion fish | source       in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click has all three
    click.echo(kind(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
