import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.vectors.compare import disagreements
from tests.vectors.generate import render

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "fixtures" / "vectors"
FILE = FOLDER / "pivotal_signature.json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())
SCHEMA = json.loads((FOLDER / "schema.json").read_text())
TESTS = [test for group in DOCUMENT["testGroups"] for test in group["tests"]]


def test_the_committed_vectors_are_what_the_generator_makes() -> None:
    assert FILE.read_text() == render(), "run: python tests/vectors/generate.py"


def test_the_vectors_conform_to_their_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(DOCUMENT)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("result", "perhaps"),
        ("body", "no base64"),
        ("flags", []),
        ("now", "today"),
        ("timestamp", 1),
        ("tcId", None),
    ],
)
def test_the_schema_refuses_a_vector_that_is_wrong(field: str, value: object) -> None:
    spoilt = json.loads(FILE.read_text())
    spoilt["testGroups"][0]["tests"][0][field] = value
    assert not Draft202012Validator(SCHEMA).is_valid(spoilt)


def test_the_vectors_are_counted_numbered_and_told_apart() -> None:
    assert DOCUMENT["numberOfTests"] == len(TESTS) >= 140
    assert [test["tcId"] for test in TESTS] == list(range(1, len(TESTS) + 1))
    for group in DOCUMENT["testGroups"]:
        names = [(*test["flags"], test["comment"]) for test in group["tests"]]
        assert len(set(names)) == len(names)


def test_every_flag_is_explained_and_every_explanation_used() -> None:
    assert {flag for test in TESTS for flag in test["flags"]} == set(DOCUMENT["notes"])


def test_an_independent_implementation_in_node_answers_every_vector_rightly() -> None:
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("node is missing")
    answers = subprocess.run(
        [node, HERE / "verify.mjs", FILE], capture_output=True, text=True, check=True
    ).stdout
    assert disagreements(DOCUMENT, answers) == []


def vector(result: str, **given: object) -> dict[str, Any]:
    return {"tcId": 7, "comment": "a case", "result": result} | given


@pytest.mark.parametrize(
    ("asked", "answers", "complaint"),
    [
        (vector("valid"), "7 valid\n", None),
        (vector("invalid"), "7 invalid\n", None),
        (vector("acceptable"), "7 valid\n", None),
        (vector("acceptable"), "7 invalid\n", None),
        (vector("valid", header="v1,t=1,sig=x"), "7 v1,t=1,sig=x\n", None),
        (vector("valid"), "7 invalid\n", "7 (a case): invalid; right is valid"),
        (vector("invalid"), "7 EXC\n", "7 (a case): EXC; right is invalid"),
        (vector("acceptable"), "7 EXC\n", "7 (a case): EXC; right is valid or invalid"),
        (vector("valid", header="v1"), "7 valid\n", "7 (a case): valid; right is v1"),
        (vector("valid"), "", "7 (a case): nothing; right is valid"),
        (vector("valid"), "7 valid\n7 valid\n", "7 (a case): valid and valid; right is valid"),
        (vector("valid"), "7 valid\n8 valid\n", "8: there is no such vector"),
    ],
)
def test_the_comparer_names_each_wrong_answer(
    asked: dict[str, Any], answers: str, complaint: str | None
) -> None:
    found = disagreements({"testGroups": [{"tests": [asked]}]}, answers)
    assert found == ([] if complaint is None else [complaint])
