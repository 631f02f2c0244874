import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pivotal_sandbox.templates import find, render, templates

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let commands run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_project_and_says_what_to_type_next(run: Run, here: Path) -> None:
    said = run("new", "flask", "hooks")
    project = render(find("flask"), project="hooks")
    assert (said.exit_code, said.stdout.splitlines()) == (
        0,
        ["cd hooks", project.commands.install, project.commands.test, project.check],
    )
    assert said.stderr == f"{len(project.files)} files are in hooks. Next:\n\n"
    assert written(here / "hooks") == set(project.files)


def test_without_a_folder_it_is_called_as_the_template(run: Run, here: Path) -> None:
    assert run("new", "flask").exit_code == 0
    assert [path.name for path in here.iterdir()] == ["flask"]


def test_path_and_port_go_into_the_project(run: Run, here: Path) -> None:
    said = run("new", "flask", "--path", "/in/pivotal", "--port", "4711")
    assert "http://127.0.0.1:4711/in/pivotal" in said.stdout
    assert 'PATH = "/in/pivotal"' in (here / "flask/webhook.py").read_text()
    assert '"4711"' in (here / "flask/app.py").read_text()


def test_as_json_it_says_what_it_wrote(run: Run, here: Path) -> None:
    said = json.loads(run("new", "flask", "hooks", "--json").stdout)
    assert (said["template"], said["dir"]) == ("flask", "hooks")
    assert set(said["files"]) == written(here / "hooks")
    assert said["check"].startswith("pivotal-sandbox check ")


def test_the_list_says_language_framework_versions_and_what_proves_it(run: Run) -> None:
    said = run("new", "--list")
    assert said.exit_code == 0
    head, *rows = said.stdout.splitlines()
    assert head.split("  ")[0] == "template"
    [flask] = [row for row in rows if row.startswith("flask ")]
    assert {"Python", "Flask", "vectors, battery"} < {cell.strip() for cell in flask.split("  ")}
    assert "flask 3." in flask
    assert len(rows) == len(templates())


def test_the_list_as_json_has_the_same(run: Run) -> None:
    items = json.loads(run("new", "--list", "--json").stdout)["items"]
    assert [item["name"] for item in items] == [template.name for template in templates()]
    [flask] = [item for item in items if item["name"] == "flask"]
    assert flask["language"] == "Python"
    assert flask["proven_by"] == ["vectors", "battery"]
    assert set(flask["versions"]) == {"flask", "waitress"}


def test_what_is_there_is_never_overwritten(run: Run, here: Path) -> None:
    (here / "flask").mkdir()
    (here / "flask" / "app.py").write_text("mine")
    said = run("new", "flask")
    assert (said.exit_code, said.stdout) == (2, "")
    assert '"app.py" is in it' in said.stderr
    assert written(here) == {"flask/app.py"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["flsk"], 'There is no template "flsk". Did you mean "flask"?'),
        ([], "Missing argument 'TEMPLATE'"),
        (["flask", "--path", "hooks"], 'The path "hooks" is not one like'),
        (["flask", "--port", "0"], "0 is not in the range"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_written(
    arguments: list[str], why: str, run: Run, here: Path
) -> None:
    said = run("new", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert why in said.stderr
    assert list(here.iterdir()) == []


def test_names_of_templates_are_completed(run: Run) -> None:
    said = run(
        env={"_PIVOTAL_SANDBOX_COMPLETE": "bash_complete"}
        | {"COMP_WORDS": "pivotal-sandbox new fa", "COMP_CWORD": "2"}
    )
    assert "fastapi" in said.stdout
    assert "flask" not in said.stdout
