"""Ctrl-C closes what is open, and then ends."""

import asyncio
import os
import signal

import pytest

from pivotal_sandbox.cli.signals import run_until_stopped


def test_what_comes_to_its_end_gives_what_it_gives() -> None:
    async def main() -> int:
        return 5

    assert run_until_stopped(main()) == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_what_is_open_was_closed(number: signal.Signals) -> None:
    closed = []

    async def main() -> int:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            closed.append(True)
        return 5

    assert run_until_stopped(main()) is None
    assert closed == [True]


def test_an_error_passes() -> None:
    async def main() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_until_stopped(main())
