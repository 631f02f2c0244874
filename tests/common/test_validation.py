"""What `msgspec` says, as errors that name the field."""

from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.validation import from_validation, validation_error
from pivotal_sandbox.errors import InputError


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    number: int


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Inner] = []
    names: dict[str, int] = {}
    mode: Literal["test", "live"] | None = msgspec.field(default=None, name="in")


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
    ("body", "said"),
    [
        (b'{"item": 1}', 'Object contains unknown field "item". Did you mean "items"?'),
        (b'{"other": 1}', 'Object contains unknown field "other". Known: items, names, in.'),
        (b'{"items": [{"numbr": 1}]}', 'Object contains unknown field "numbr".'),
        (b'{"in": "tset"}', '"tset" is not possible here. Did you mean "test"?'),
        (b'{"in": "x"}', '"x" is not possible here. It is one of test, live.'),
        (b'{"in": 1}', 'Expected "string or null", got "integer".'),
        (b'{"items": [{"number": true}]}', 'Expected "integer", got "boolean".'),
        (b'{"items": 1}', 'Expected "array", got "integer".'),
    ],
)
def test_an_unknown_field_is_answered_with_the_nearest(body: bytes, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Outer)
    assert str(validation_error(caught.value, Outer)) == said
