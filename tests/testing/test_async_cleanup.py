"""How an awaitable sandbox ends with its test."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.testing.test_lifespan import App

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.testing.async_cleanup import closing
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.background import Background
from pivotal_sandbox.testing.options import Options


def a_test(function: Any) -> pytest.Function:
    return cast(pytest.Function, SimpleNamespace(obj=function))


def nothing() -> Background:
    raise AssertionError("no thread is needed for this")


def test_the_apps_are_shut_down_in_the_loop_of_the_test() -> None:
    sandbox, app = AsyncPivotal(Options(), nothing), App()

    async def function(value: int) -> int:
        """Say that it is the test's."""
        await sandbox.endpoint(app)  # it answers with an error, but was started
        return value

    test = a_test(function)
    with closing(test, sandbox):
        assert test.obj.__doc__ == function.__doc__
        assert asyncio.run(test.obj(value=3)) == 3
        assert app.told == ["startup", "shutdown"]
    assert test.obj is function


def test_a_test_that_fails_is_closed_too() -> None:
    sandbox = AsyncPivotal(Options(), nothing)

    async def function() -> None:
        await sandbox.trigger("task.created")
        raise ValueError("the test's own")

    test = a_test(function)
    with closing(test, sandbox), pytest.raises(ValueError, match="the test's own"):
        asyncio.run(test.obj())


def test_a_plain_test_is_told_of_the_other_fixture() -> None:
    sandbox = AsyncPivotal(Options(), nothing)
    with (
        pytest.raises(InputError, match="in this one use pivotal"),
        closing(a_test(lambda: None), sandbox),
    ):
        raise AssertionError("it was opened")
