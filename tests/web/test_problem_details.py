"""Problems name the field, whatever found it wrong."""

import json
from typing import Any

import pytest
from starlette.requests import Request

from pivotal_sandbox.errors import (
    Conflict,
    InputError,
    NotFound,
    SandboxError,
    SignatureError,
    StoreError,
)
from pivotal_sandbox.web.problem_details import on_sandbox_error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("x", pointer="/a"), 422),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (StoreError("x"), 503),
    ],
)
async def test_each_error_of_ours_has_its_status(error: SandboxError, status: int) -> None:
    answer = await on_sandbox_error(_request(), error)
    problem: dict[str, Any] = json.loads(bytes(answer.body))
    assert (answer.status_code, problem["status"], problem["detail"]) == (status, status, "x")
    assert ("errors" in problem) == isinstance(error, InputError)


async def test_an_error_that_no_answer_is_foreseen_for_is_not_hidden() -> None:
    with pytest.raises(SignatureError):
        await on_sandbox_error(_request(), SignatureError("no_match", "x"))


def _request() -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": []})
