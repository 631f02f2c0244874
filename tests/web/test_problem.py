"""Problems name the field, whatever found it wrong."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from pivotal_sandbox.errors import (
    Conflict,
    InputError,
    NotFound,
    SandboxError,
    SignatureError,
    StoreError,
)
from pivotal_sandbox.web.problem import from_validation, on_sandbox_error


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    number: int


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Inner] = []
    names: dict[str, int] = {}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"[]", ""),
        (b'{"other": 1}', "/other"),
        (b'{"items": 1}', "/items"),
        (b'{"items": [{"number": 1}, {"number": "x"}]}', "/items/1/number"),
        (b'{"items": [{}]}', "/items/0/number"),
        (b'{"items": [{"number": 1, "more": 2}]}', "/items/0/more"),
        (b'{"names": {"a": "x"}}', "/names/..."),
    ],
)
def test_what_the_decoder_finds_is_told_by_its_pointer(body: bytes, pointer: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Outer)
    assert from_validation(caught.value).pointer == pointer


@given(st.text())
def test_any_sentence_of_the_decoder_becomes_an_error(sentence: str) -> None:
    error = from_validation(msgspec.ValidationError(sentence))
    assert isinstance(error, InputError)


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
