"""Compares what a program answered for each vector with what the vectors ask for."""

from collections.abc import Iterator
from typing import Any


def disagreements(document: dict[str, Any], answers: str) -> list[str]:
    """Return a sentence for each vector answered wrongly, not at all, or more than once.

    `answers` holds lines `tcId answer`, as fixtures/vectors/README.md describes them.
    """
    given: dict[str, list[str]] = {}
    for line in answers.splitlines():
        tc_id, _, answer = line.partition(" ")
        given.setdefault(tc_id, []).append(answer)
    wrong = []
    for group in document["testGroups"]:
        for vector in group["tests"]:
            said = given.pop(str(vector["tcId"]), ["nothing"])
            right = list(_right(vector))
            if len(said) != 1 or said[0] not in right:
                wanted, got = " or ".join(right), " and ".join(said)
                wrong.append(f"{vector['tcId']} ({vector['comment']}): {got}; right is {wanted}")
    return wrong + [f"{tc_id}: there is no such vector" for tc_id in given]


def _right(vector: dict[str, Any]) -> Iterator[str]:
    if "header" in vector:
        yield vector["header"]
    elif vector["result"] == "acceptable":
        yield from ("valid", "invalid")
    else:
        yield vector["result"]
