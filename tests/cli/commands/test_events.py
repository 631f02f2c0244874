import json
from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]


def test_every_event_type_is_a_line(run: Run) -> None:
    said = run("events")
    assert said.exit_code == 0
    head, *lines = said.stdout.splitlines()
    assert head.split() == ["EVENT", "OBJECT", "SOURCE", "WHEN"]
    assert len(lines) == 21
    [at_risk] = [line for line in lines if line.startswith("customer.at_risk ")]
    assert at_risk.split()[1:3] == ["customer", "documented"]


def test_the_list_as_json_says_what_is_documented(run: Run) -> None:
    items = json.loads(run("events", "--json").stdout)["items"]
    assert {item["name"]: item["documented"] for item in items}["customer.recovered"] is False
    assert all(item["description"] for item in items)


def test_one_type_is_shown_with_schema_and_example(run: Run) -> None:
    said = run("events", "task.completed").stdout
    assert said.startswith("task.completed  task, documented\n")
    assert '"type": "task.completed"' in said
    assert '"properties": {' in said
    shown = json.loads(run("events", "task.completed", "--json").stdout)
    assert shown["example"]["type"] == "task.completed"
    assert shown["example"]["data"].keys() <= shown["schema"]["properties"].keys()


def test_an_unknown_type_names_the_nearest(run: Run) -> None:
    said = run("events", "customer.at_rsk")
    assert (said.exit_code, said.stdout) == (2, "")
    assert 'Did you mean "customer.at_risk"?' in said.stderr
