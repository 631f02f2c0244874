"""How a bin answers: steps read from JSON, and refused with the place of what is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.durations import LONGEST
from pivotal_sandbox.domain.bins import Bin, Step, parse_behavior
from pivotal_sandbox.errors import InputError


@pytest.mark.parametrize(
    ("json", "steps"),
    [
        ([{}], (Step(),)),
        ([503, 200], (Step(503), Step(200))),
        ([{"status": 599}], (Step(599),)),
        ([{"delay": "1m30s"}], (Step(delay=90_000),)),
        ([{"hang": True}, {"reset": True}], (Step(hang=True), Step(reset=True))),
        (
            [{"status": 429, "headers": {"Retry-After": "5", "x_a": ""}, "body": "čekej"}],
            (Step(429, headers=(("Retry-After", "5"), ("x_a", "")), body="čekej"),),
        ),
    ],
)
def test_steps_are_read(json: list[Any], steps: tuple[Step, ...]) -> None:
    assert parse_behavior(json) == steps


@pytest.mark.parametrize(
    ("json", "pointer", "message"),
    [
        ({}, "", "list of one step or more"),
        ([], "", "list of one step or more"),
        ("503", "", "list of one step or more"),
        ([None], "/0", '{"status": 503}'),
        ([True], "/0", '{"status": 503}'),
        ([200.0], "/0", '{"status": 503}'),
        ([200, "503"], "/1", '{"status": 503}'),
        ([199], "/0/status", "from 200 to 599"),
        ([600], "/0/status", "from 200 to 599"),
        ([{"status": 10**400}], "/0/status", "from 200 to 599"),
        ([{"status": True}], "/0/status", "from 200 to 599"),
        ([{"status": "200"}], "/0/status", "from 200 to 599"),
        ([{"stauts": 200}], "/0/stauts", 'reset. Did you mean "status"?'),
        ([{"a/b~c": 1}], "/0/a~1b~0c", "it has status, delay, headers, body, hang, reset"),
        ([{"x" * 500: 1}], "/0/" + "x" * 500, f'no "{"x" * 40}";'),
        ([{"delay": 5}], "/0/delay", '"500ms" or "2s"'),
        ([{"delay": "5"}], "/0/delay", "30s"),
        ([{"delay": "36501d"}], "/0/delay", "36500d"),
        ([{"headers": [["a", "b"]]}], "/0/headers", '{"x-a": "b"}'),
        ([{"headers": {"x-a": 5}}], "/0/headers/x-a", "value is a text"),
        ([{"headers": {"": "b"}}], "/0/headers/", "letters, digits"),
        ([{"headers": {"x a": "b"}}], "/0/headers/x a", "letters, digits"),
        ([{"headers": {"x/a": "b"}}], "/0/headers/x~1a", "letters, digits"),
        ([{"headers": {"naïve": "b"}}], "/0/headers/naïve", "letters, digits"),
        ([{"headers": {"x-a": "b\r\nx-c: d"}}], "/0/headers/x-a", "printable ASCII"),
        ([{"headers": {"x-a": "é"}}], "/0/headers/x-a", "printable ASCII"),
        ([{"headers": {"Content-Length": "5"}}], "/0/headers/Content-Length", "by the server"),
        ([{"headers": {"connection": "close"}}], "/0/headers/connection", "by the server"),
        ([{"body": None}], "/0/body", "The body is a text"),
        ([{"body": {"a": 1}}], "/0/body", "The body is a text"),
        ([{"body": "\ud800"}], "/0/body", "no UTF-8 form"),
        ([{"hang": False}], "/0/hang", 'is {"hang": true} and nothing else'),
        ([{"hang": 1}], "/0/hang", 'is {"hang": true} and nothing else'),
        ([{"status": 200, "reset": True}], "/0/reset", 'is {"reset": true} and nothing else'),
        ([{"hang": True, "reset": True}], "/0/hang", "nothing else"),
    ],
)
def test_what_is_no_step_is_refused_with_its_place(json: Any, pointer: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_behavior(json)
    assert message in str(caught.value)
    assert caught.value.pointer == f"/behaviour{pointer}"


def test_the_place_begins_where_the_caller_says() -> None:
    with pytest.raises(InputError) as caught:
        parse_behavior([200, 5], "")
    assert caught.value.pointer == "/1/status"


KEYS = st.sampled_from(["status", "delay", "headers", "body", "hang", "reset", "x/y", "~"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(190, 610)
    | st.floats()
    | st.text()
    | st.sampled_from(["5s", "1h", "x-a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES | st.lists(VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_any_json_is_a_behaviour_or_an_error_whose_place_exists(json: Any) -> None:
    try:
        steps = parse_behavior(json)
    except InputError as error:
        _find({"behaviour": json}, error.pointer)
        return
    assert steps
    for step in steps:
        assert 200 <= step.status <= 599
        assert 0 <= step.delay <= LONGEST


def _find(place: Any, pointer: str) -> None:
    for token in pointer.split("/")[1:]:
        if token == "status" and isinstance(place, int):
            return  # a number is short for an object with that key
        token = token.replace("~1", "/").replace("~0", "~")
        place = place[int(token)] if isinstance(place, list) else place[token]


@given(
    st.builds(
        Step,
        status=st.integers(200, 599),
        delay=st.integers(0, LONGEST),
        headers=st.dictionaries(
            st.from_regex("x-[a-z0-9_-]{1,8}", fullmatch=True),
            st.text(st.characters(min_codepoint=32, max_codepoint=126)),
        ).map(lambda headers: tuple(headers.items())),
        body=st.text(),
    )
    | st.sampled_from([Step(hang=True), Step(reset=True)])
)
def test_a_step_is_shown_as_what_makes_it(step: Step) -> None:
    assert parse_behavior([step.as_json()]) == (step,)


def test_a_bin_that_was_never_set_up_answers_200_at_once() -> None:
    assert Bin("demo").behaviour == (Step(200, 0, (), ""),)
