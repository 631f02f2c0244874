"""Lines on stdout from a thread of their own, so that no slow reader holds up the sandbox."""

import os
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

import click

from pivotal_sandbox.cli.output import note

T = TypeVar("T")

MOST = 1000  # lines that wait to be read; what comes on top is counted, not shown
LAST_WORDS = 1.0  # seconds to print what is left at the end


class BackgroundPrinter(Generic[T]):
    """Renders and prints one line for each thing it is given, in order, once started."""

    def __init__(self, render: Callable[[T], str]) -> None:
        self._render = render
        self._things: SimpleQueue[T | None] = SimpleQueue()
        self._left_out = 0
        color = click.get_current_context().color
        self._styled = sys.stdout.isatty() if color is None else color
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Print what came before now, and from now on."""
        self._thread.start()

    def add(self, thing: T) -> None:
        """Have `thing` printed, or counted where too much is waiting. Never blocks."""
        if self._things.qsize() < MOST:
            self._things.put(thing)
        else:
            self._left_out += 1

    def close(self) -> None:
        """Print the rest, unless nobody reads it."""
        self._things.put(None)
        if self._thread.ident is not None:
            self._thread.join(LAST_WORDS)
        if self._left_out:
            note(f"{self._left_out} lines were left out: stdout was not read as fast as they came.")

    def _run(self) -> None:
        while (thing := self._things.get()) is not None:
            line = self._render(thing)
            if not self._styled:
                line = click.unstyle(line)
            try:
                # Not by sys.stdout: a write that hangs would hold its lock, and with it the exit.
                _write(sys.stdout.fileno(), f"{line}\n".encode())
            except BrokenPipeError:
                return


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]
