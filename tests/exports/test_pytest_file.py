"""What pytest makes of the file is tested in tests/cli/test_sent.py."""

import ast
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.exports.exchanges import captured, sent, strangers

from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.pytest_file import pytest_file


def cases_of(tree: ast.Module) -> ast.List:
    """Take the list of requests out of the file, and return it."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUESTS":
            cases = node.value
            assert isinstance(cases, ast.List)
            node.value = ast.List([])
            return cases
    raise AssertionError


@settings(deadline=None)
@given(st.lists(strangers(), max_size=3))
@example([captured(body=b'"""\\\' + exit() + \'', headers=(("x", '"""\\\'\x85'),))])
def test_what_strangers_sent_is_literals_and_the_rest_is_always_the_same(
    them: list[ExportedRequest],
) -> None:
    text = pytest_file(them)
    assert text.isascii()
    tree, empty = ast.parse(text), ast.parse(pytest_file([]))
    cases = cases_of(tree)
    cases_of(empty)
    assert ast.dump(tree) == ast.dump(empty)
    read = []
    for case in cases.elts:
        assert isinstance(case, ast.Call)
        assert ast.unparse(case.func) == "pytest.param"
        [id] = case.keywords
        read.append((ast.literal_eval(id.value), *map(ast.literal_eval, case.args)))
    assert read == [
        (
            request.id,
            request.request.method,
            request.request.url,
            list(request.request.headers),
            request.request.body,
            request.signed,
            request.accepted,
        )
        for request in them
    ]


def test_the_file_asks_for_no_secret_and_holds_none() -> None:
    space: dict[str, Any] = {}
    exec(compile(pytest_file([sent()]), "test_it.py", "exec"), space)
    assert len(space["REQUESTS"]) == 1
    assert space["SECRET"] is None
