import json
from collections.abc import Callable

from click.testing import Result

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.web.asyncapi import document

Run = Callable[..., Result]


def test_it_is_the_document_without_a_running_sandbox(run: Run) -> None:
    said = run("asyncapi")
    assert (said.exit_code, said.stderr) == (0, "")
    assert json.loads(said.stdout) == document(load_catalog())
    assert said.stdout.count("\n") > 1000


def test_as_json_it_is_one_line(run: Run) -> None:
    said = run("asyncapi", "--json")
    assert said.stdout.count("\n") == 1
    assert json.loads(said.stdout) == json.loads(run("asyncapi").stdout)


def test_it_takes_no_argument(run: Run) -> None:
    said = run("asyncapi", "yaml")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "yaml" in said.stderr
