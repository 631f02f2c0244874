import json
from collections.abc import Callable

from click.testing import Result

from pivotal_sandbox.package_data import FIXTURES

Run = Callable[..., Result]


def test_it_prints_the_file_to_the_byte(run: Run) -> None:
    said = run("vectors")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout_bytes == (FIXTURES / "vectors" / "pivotal_signature.json").read_bytes()


def test_as_json_it_is_one_line(run: Run) -> None:
    said = run("vectors", "--json")
    assert said.stdout.count("\n") == 1
    vectors = json.loads(said.stdout)
    assert vectors == json.loads(run("vectors").stdout)
    assert vectors["numberOfTests"] == sum(len(group["tests"]) for group in vectors["testGroups"])


def test_it_takes_no_argument(run: Run) -> None:
    said = run("vectors", "sign")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "sign" in said.stderr
