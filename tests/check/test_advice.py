"""Advice: there is some for each case, and the stack's idiom where there is one."""

import ast
from pathlib import Path

import pytest

import pivotal_sandbox.check
from pivotal_sandbox.check.advice import GENERAL, IDIOMS, REASONS, advise
from pivotal_sandbox.check.registry import CASES

FOLDER = Path(pivotal_sandbox.check.__file__).parent


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_case_has_advice(case: object) -> None:
    assert getattr(case, "topic") in GENERAL  # noqa: B009


def test_each_topic_in_the_program_has_advice() -> None:
    named = {
        node.value.value
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword)
        and node.arg == "topic"
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    assert named
    assert named <= set(GENERAL)
    assert set(REASONS) <= set(GENERAL)
    assert set(IDIOMS) <= set(GENERAL)


def test_advice_speaks_the_language_of_the_stack() -> None:
    assert "request.get_data()" in advise("raw-body", "flask")
    assert "express.raw" in advise("raw-body", "express")
    assert "strings.Cut" in advise("crash-header", "go")
    assert "time.Since" in advise("timestamp", "go")
    assert advise("raw-body", "").endswith("what was verified.")
    assert advise("dedupe", "go") == GENERAL["dedupe"]
