"""Commands, run as they are typed: in this process, or against a running sandbox."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from click.testing import CliRunner, Result

from pivotal_sandbox.cli.main import cli
from pivotal_sandbox.web.server import Running

CLEAN = dict.fromkeys(
    (
        "PIVOTAL_SANDBOX_URL",
        "PIVOTAL_SANDBOX_TOKEN",
        "PIVOTAL_SANDBOX_TIMEOUT",
        "PIVOTAL_WEBHOOK_SECRET",
        "NO_COLOR",
    )
)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command: `run("sign", "--secret", "s", input=b"...", env={...})`."""

    def invoke(
        *arguments: str, input: bytes = b"", env: dict[str, str] | None = None, color: bool = False
    ) -> Result:
        return CliRunner().invoke(
            cli,
            arguments,
            input=input,
            env={**CLEAN, **(env or {})},
            color=color,
            prog_name="pivotal-sandbox",
        )

    return invoke


@pytest.fixture
def ask(run: Callable[..., Result], running: Running) -> Callable[..., Awaitable[Result]]:
    """Run a command that talks to the running sandbox, beside which it needs a thread."""

    async def invoke(
        *arguments: str, input: bytes = b"", env: dict[str, str] | None = None
    ) -> Result:
        return await asyncio.to_thread(
            run, *arguments, input=input, env={"PIVOTAL_SANDBOX_URL": running.url, **(env or {})}
        )

    return invoke
