import json
from collections.abc import Callable

import httpx
from click.testing import Result

Run = Callable[..., Result]


async def test_it_is_what_the_sandbox_serves(run: Run, client: httpx.AsyncClient) -> None:
    said = run("openapi")
    assert (said.exit_code, said.stderr) == (0, "")
    assert json.loads(said.stdout) == (await client.get("/api/openapi.json")).json()
    assert said.stdout.count("\n") > 1000


def test_as_json_it_is_one_line(run: Run) -> None:
    said = run("openapi", "--json")
    assert said.stdout.count("\n") == 1
    assert json.loads(said.stdout) == json.loads(run("openapi").stdout)


def test_it_takes_no_argument(run: Run) -> None:
    said = run("openapi", "yaml")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "yaml" in said.stderr
