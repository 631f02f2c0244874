"""The exceptions: drawn as they are, caught as is expected, and with the nearest match."""

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox import errors
from pivotal_sandbox.errors import (
    Conflict,
    InputError,
    NotFound,
    SandboxError,
    SignatureError,
    did_you_mean,
)

LINE = re.compile(r"(  [+-] |    - |)(\w+)(?: \((\w+)\))?(?: .*)?")


def drawn() -> dict[str, set[str]]:
    """Return each exception of the drawing with the names of its bases."""
    tree: dict[str, set[str]] = {}
    above: list[str] = []
    _, _, drawing = inspect.getdoc(errors).partition("\n\n")  # type: ignore[union-attr]
    for line in drawing.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        del above[("", "  + ", "    - ").index(match[1]) :]
        tree[match[2]] = {*above[-1:], *filter(None, [match[3]])} or {"Exception"}
        above.append(match[2])
    return tree


def test_the_drawing_shows_every_exception_and_its_bases() -> None:
    classes = {
        name: {base.__name__ for base in value.__bases__}
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert drawn() == classes


def test_one_class_catches_them_all() -> None:
    for name in drawn():
        assert issubclass(getattr(errors, name), SandboxError)


@pytest.mark.parametrize("kind", [InputError, NotFound, Conflict])
def test_a_wrong_input_names_its_field(kind: type[InputError]) -> None:
    error = kind("The URL is empty.", pointer="/url")
    assert (str(error), error.pointer) == ("The URL is empty.", "/url")
    assert kind("No.").pointer == ""


def test_a_bad_signature_has_its_reason() -> None:
    error = SignatureError("too_old", "Signature is 301 s old.")
    assert (str(error), error.reason) == ("Signature is 301 s old.", "too_old")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("customer.updatd", ' Did you mean "customer.updated"?'),
        ("customer_at_risk", ' Did you mean "customer.at_risk"?'),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_offered(given: str, hint: str) -> None:
    assert did_you_mean(given, ["customer.at_risk", "customer.updated", "task.overdue"]) == hint


def test_where_nothing_is_known_nothing_is_offered() -> None:
    assert did_you_mean("customer.updated", iter(())) == ""


@given(st.text(), st.lists(st.text()))
def test_what_is_offered_is_known(typed: str, known: list[str]) -> None:
    hint = did_you_mean(typed, known)
    assert not hint or hint in {f' Did you mean "{name}"?' for name in known}
