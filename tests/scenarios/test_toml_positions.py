"""Where each key of a TOML text stands."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.scenarios.toml_positions import Path, key_lines, line_at

TEXT = '''\
# a story
title = "One"   # says so
"quoted key".'and this' = 1
[endpoints.app]
bin = "app"

[[steps]]
trigger = { type = "task.updated", set = { a.b = [1, { c = "}" }] } }

[[steps]]
say = """
two lines, with \\""" and ]"""
body = \'\'\'it's\'\'\'
[steps.expect]
count = [
  1, # one
  [2, 3],
]
[[steps.more]]
x = 2026-01-05 09:00:00
[[steps.more]]
y = ""
'''

LINES = [
    (("title",), 2),
    (("quoted key", "and this"), 3),
    (("endpoints",), 4),
    (("endpoints", "app", "bin"), 5),
    (("steps", 0), 7),
    (("steps", 0, "trigger", "type"), 8),
    (("steps", 0, "trigger", "set", "a", "b", 1, "c"), 8),
    (("steps", 1), 10),
    (("steps", 1, "body"), 13),
    (("steps", 1, "expect", "count", 0), 16),
    (("steps", 1, "expect", "count", 1, 1), 17),
    (("steps", 1, "more", 0, "x"), 20),
    (("steps", 1, "more", 1, "y"), 22),
]


def paths(value: Any, at: Path = ()) -> set[Path]:
    """Return the path of each key and item in what tomllib read."""
    if isinstance(value, dict):
        below = value.items()
    elif isinstance(value, list):
        below = dict(enumerate(value)).items()
    else:
        return {at}
    return {at, *(path for key, part in below for path in paths(part, (*at, key)))}


@pytest.mark.parametrize(("path", "line"), LINES)
def test_each_key_and_item_has_its_line(path: Path, line: int) -> None:
    assert key_lines(TEXT)[path] == line
    assert key_lines(TEXT.replace("\n", "\r\n"))[path] == line


def test_what_is_missing_stands_where_it_would_belong() -> None:
    lines = key_lines(TEXT)
    assert line_at(lines, ("steps", 1, "expect", "of")) == 14
    assert line_at(lines, ("nowhere",)) == 1


KEYS = st.text("ab-_ .\"'#=[]é\\", max_size=4)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("ab\"'#,]}{[\n\\é", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def basic(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def written(value: Any, draw: st.DrawFn) -> str:
    """Return the value as TOML, in one of the ways to write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        ways = [basic(value), '"""\n' + basic(value)[1:-1] + '"""']
        if "'" not in value:
            ways.append(f"'''\n{value}'''")
            if "\n" not in value:
                ways.append(f"'{value}'")
        return draw(st.sampled_from(ways))
    if isinstance(value, list):
        between = draw(st.sampled_from([", ", ",\n  # , ] \n", ","]))
        return "[ " + between.join(written(item, draw) for item in value) + " ]"
    if isinstance(value, dict):
        pairs = (f"{basic(key)} = {written(part, draw)}" for key, part in value.items())
        return "{ " + ", ".join(pairs) + " }"
    return str(value)


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines = []
    for key, value in draw(st.dictionaries(KEYS, VALUES, max_size=4)).items():
        if isinstance(value, dict) and draw(st.booleans()):
            lines.append((1, f"[{basic(key)}]"))
            lines += [(1, f"{basic(k)}={written(v, draw)} # c") for k, v in value.items()]
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            for item in value:
                lines.append((1, f"[[ {basic(key)} ]]"))
                lines += [(1, f"{basic(k)} = {written(v, draw)}") for k, v in item.items()]
        else:
            lines.append((0, f"{basic(key)} = {written(value, draw)}"))
    return "\n\n".join(line for _, line in sorted(lines, key=lambda line: line[0]))


@given(documents())
def test_every_key_that_tomllib_reads_is_found_and_no_other(text: str) -> None:
    assert key_lines(text).keys() | {()} == paths(tomllib.loads(text))


@given(documents())
def test_a_key_stands_on_the_line_where_its_name_is(text: str) -> None:
    lines = text.split("\n")
    for path, line in key_lines(text).items():
        assert 1 <= line <= len(lines)
        if len(path) == 1:
            assert basic(str(path[0])) in lines[line - 1]
