"""Closes an awaitable sandbox at the end of its test, in the test's own event loop."""

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal


@contextmanager
def closing(test: pytest.Function, sandbox: AsyncPivotal) -> Iterator[None]:
    """Have the test's function close `sandbox` when it ends. Raises `InputError` for a plain one.

    A fixture could not: which loop the test has is known to its plugin, and only once it runs.
    """
    function = test.obj
    if not inspect.iscoroutinefunction(function):
        raise InputError("apivotal is for tests that are coroutines; in this one use pivotal.")

    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return await function(*args, **kwargs)
        finally:
            await sandbox.aclose()

    test.obj = run
    try:
        yield
    finally:
        test.obj = function
        sandbox.abandon()
