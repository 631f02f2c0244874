"""What every call of the API has, because the description and the routes are made of it."""

import httpx
import pytest

from pivotal_sandbox.web.api.operations import OPERATIONS
from pivotal_sandbox.web.operation import Operation


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}"
)
async def test_each_call_has_a_name_a_summary_and_a_route(
    operation: Operation, client: httpx.AsyncClient
) -> None:
    assert operation.summary.endswith(".")
    path = operation.path
    for name in ("id", "type", "object", "bin"):
        path = path.replace(f"{{{name}}}", "none.such")
    async with client.stream(operation.method, path) as answer:  # one of them never ends
        assert answer.status_code != 405
        assert answer.status_code < 500


def test_names_are_not_shared() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))
