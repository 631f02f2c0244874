"""Templates as a whole, and how any template is rendered and written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.templates import PATH, VECTORS, Template, find, render, templates, write

TEMPLATES = templates()
every_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)

DESCRIPTION = """
language = "Latin"
framework = "Forum"
runtime = "a scribe"
needs = ["sh"]
proven = []
shared = ["latin"]
vectors = "tests/vectors.json"
signature = "signum.txt"
handler = "forum.txt"
[versions]
forum = "1.0"
[commands]
install = "true"
test = "sh test"
run = "sh {{ main }}"
[files]
"forum.txt" = "where all is said"
[variables]
main = "forum.txt"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of templates with one in it, `forum`, to which a test adds its files."""
    home = tmp_path / "receiver_templates"
    (home / "forum").mkdir(parents=True)
    (home / "forum" / "template.toml").write_text(DESCRIPTION, "utf-8")
    return home


def files(home: Path, path: str = PATH) -> dict[str, str]:
    return dict(render(find("forum", home), project="hooks", path=path, home=home).files)


def put(home: Path, place: str, text: str) -> None:
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    (home / place).write_text(text, "utf-8")


@every_template
def test_a_project_has_what_its_description_says(template: Template) -> None:
    project = render(template, project="hooks")
    made, template = project.files, project.template
    named = {template.vectors, template.signature, template.handler, *template.files}
    assert named <= set(made)
    assert {"README.md", ".env.example", "Dockerfile", ".gitignore"} <= set(made)
    assert made[template.vectors] == VECTORS.read_text("utf-8")
    assert set(template.proven) <= {"vectors", "battery"}


@every_template
def test_a_project_names_every_event_type(template: Template) -> None:
    made = render(template, project="hooks").files
    own = "\n".join(text for place, text in made.items() if place != template.vectors)
    assert [event_type.name for event_type in load_catalog() if event_type.name not in own] == []


@every_template
def test_the_environment_to_copy_holds_no_secret_that_everyone_knows(template: Template) -> None:
    example = dict(render(template, project="hooks").files)[".env.example"]
    assert "\nPIVOTAL_WEBHOOK_SECRET=\n" in example


@every_template
def test_path_and_port_go_where_they_belong(template: Template) -> None:
    project = render(template, project="hooks", path="/in/from-pivotal", port=4711)
    everything = "\n".join([*project.files, *project.files.values()])
    assert "in/from-pivotal" in everything
    assert "4711" in project.files["README.md"]
    assert "webhooks/pivotal" not in everything
    other = [place for place, text in project.files.items() if re.search(r"\b8000\b", text)]
    assert other == []
    assert project.check.startswith("pivotal-sandbox check http://127.0.0.1:4711/in/from-pivotal ")


@every_template
def test_the_readme_fits_a_screen_and_shows_the_three_lines(template: Template) -> None:
    project = render(template, project="hooks")
    readme = project.files["README.md"]
    lines = f"{project.commands.install}\n{project.commands.test}\n{project.check}\n"
    assert f"```console\n{lines}```" in readme
    assert len(readme.splitlines()) <= 60


@every_template
def test_the_verification_can_be_read_in_a_minute(template: Template) -> None:
    assert len(render(template, project="hooks").files[template.signature].splitlines()) <= 90


@pytest.mark.parametrize(
    "template",
    [template for template in TEMPLATES if template.language == "Python"],
    ids=lambda template: template.name,
)
def test_python_is_as_ruff_wants_it(template: Template, tmp_path: Path) -> None:
    write(render(template, project="hooks"), tmp_path / "hooks")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache"],
            cwd=tmp_path / "hooks",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_they_are_listed_by_language_and_name() -> None:
    names = [(template.language, template.name) for template in TEMPLATES]
    assert names == sorted(names)
    python = {"aiohttp", "aws-lambda-python", "django", "fastapi", "flask", "starlette"}
    assert python <= {template.name for template in TEMPLATES}


def test_an_unknown_template_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(NotFound, match=r'no template "fastpi".*Did you mean "fastapi"') as refused:
        find("fastpi")
    assert refused.value.pointer == "/template"
    with pytest.raises(NotFound):
        find("_shared")


def test_a_template_is_told_what_it_may_know(home: Path) -> None:
    names = "{{ project }} {{ path }} {{ port }} {{ versions.forum }} {{ main }} {{ commands.run }}"
    put(home, "forum/forum.txt.j2", f"{names} {{{{ template.name }}}} <&\n")
    made = files(home, path="/a")
    assert made["forum.txt"] == "hooks /a 8000 1.0 forum.txt sh forum.txt forum <&\n"
    forms = " ".join(f"{{{{ event.type | {name} }}}}" for name in ("snake", "camel", "pascal"))
    put(home, "forum/forum.txt.j2", f"{{% for event in events %}}\n{forms}\n{{% endfor %}}\n")
    lines = files(home)["forum.txt"].splitlines()
    assert "customer_at_risk customerAtRisk CustomerAtRisk" in lines
    assert len(lines) == len(list(load_catalog()))


def test_names_say_where_a_file_goes(home: Path) -> None:
    put(home, "forum/dot-config/dot-rc.j2", "")
    put(home, "forum/app/__path__/route.ts.j2", "")
    description = DESCRIPTION.replace('"forum.txt"', '"app/__path__/route.ts"')
    put(home, "forum/template.toml", description)
    put(home, "forum/notes.txt", "no template, so not part of the project")
    project = render(find("forum", home), project="hooks", path="/in/pivotal", home=home)
    route = "app/in/pivotal/route.ts"
    assert set(project.files) == {".config/.rc", route, "tests/vectors.json"}
    assert (project.template.handler, set(project.template.files)) == (route, {route})


def test_a_file_of_its_own_goes_before_a_shared_one(home: Path) -> None:
    put(home, "_shared/project/README.md.j2", "everybody's")
    put(home, "_shared/project/LICENSE.j2", "everybody's")
    put(home, "_shared/latin/LICENSE.j2", "of the language")
    put(home, "_shared/latin/signum.txt.j2", "of the language")
    put(home, "_shared/greek/alpha.j2", "of another language")
    put(home, "forum/signum.txt.j2", "its own")
    made = files(home)
    del made["tests/vectors.json"]
    assert made == {
        "LICENSE": "of the language",
        "README.md": "everybody's",
        "signum.txt": "its own",
    }


def test_a_name_that_is_not_known_is_an_error(home: Path) -> None:
    put(home, "forum/forum.txt.j2", "{{ prot }}")
    with pytest.raises(Exception, match="'prot' is undefined"):
        files(home)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (DESCRIPTION.replace('language = "Latin"', ""), "language"),
        (DESCRIPTION.replace("needs =", "need ="), "need"),
        (DESCRIPTION.replace("[versions]", "[versions"), "line"),
    ],
)
def test_a_wrong_description_is_named_with_its_file(home: Path, wrong: str, said: str) -> None:
    (home / "forum" / "template.toml").write_text(wrong, "utf-8")
    with pytest.raises(InputError, match=rf"forum.template\.toml: .*{said}"):
        templates(home)


@pytest.mark.parametrize(
    "path",
    ["", "/", "webhooks", "/a/", "//a", "/a//b", "/a b", "/a?b", "/ä", "/a\n", "/../a", "/a/."],
)
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(InputError, match=r"is not one like /webhooks/pivotal") as refused:
        render(TEMPLATES[0], project="hooks", path=path)
    assert refused.value.pointer == "/path"


@given(path=st.text("/.-_~aZ09 \n{}%\"'$\\", max_size=12))
def test_a_path_is_refused_or_stands_in_the_project_as_it_is(path: str) -> None:
    try:
        project = render(find("flask"), project="hooks", path=path)
    except InputError:
        return
    assert f'PATH = "{path}"' in project.files["webhook.py"]


@pytest.mark.parametrize(
    ("folder", "name"), [("My Hooks_2", "my-hooks-2"), ("--é--", "forum"), ("", "forum")]
)
def test_a_project_is_called_as_any_registry_takes_it(home: Path, folder: str, name: str) -> None:
    put(home, "forum/forum.txt.j2", "{{ project }}")
    made = render(find("forum", home), project=folder, home=home)
    assert made.files["forum.txt"] == name


def test_a_project_is_written_as_it_was_rendered(tmp_path: Path) -> None:
    project = render(find("flask"), project="hooks")
    write(project, tmp_path / "new" / "hooks")
    folder = tmp_path / "new" / "hooks"
    there = {
        str(file.relative_to(folder)): file.read_text("utf-8")
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert there == project.files
    assert [path.name for path in folder.parent.iterdir()] == ["hooks"]


def test_an_empty_folder_is_filled_and_stays_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "hooks"
    folder.mkdir()
    before = folder.stat().st_ino
    write(render(find("flask"), project="hooks"), folder)
    assert folder.stat().st_ino == before
    assert (folder / "tests" / "pivotal_signature_vectors.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["hooks"]


def test_only_what_begins_with_a_shebang_is_executable(home: Path, tmp_path: Path) -> None:
    put(home, "forum/bin/run.j2", "#!/bin/sh\n")
    put(home, "forum/forum.txt.j2", "no program\n")
    write(render(find("forum", home), project="hooks", home=home), tmp_path / "hooks")
    assert (tmp_path / "hooks/bin/run").stat().st_mode & 0o111
    assert not (tmp_path / "hooks/forum.txt").stat().st_mode & 0o111


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    project = render(find("flask"), project="hooks")
    with pytest.raises(InputError, match=r'is not empty: "mine.txt" is in it') as refused:
        write(project, tmp_path)
    assert refused.value.pointer == "/dir"
    with pytest.raises(InputError, match="is a file"):
        write(project, tmp_path / "mine.txt")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match="is a file"):
        write(project, tmp_path / "nowhere")
    assert {path.name for path in tmp_path.iterdir()} == {"mine.txt", "nowhere"}
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    project = render(find("flask"), project="hooks")
    with pytest.raises(InputError, match="cannot be written: File exists"):
        write(project, tmp_path / "mine.txt" / "hooks")
    with pytest.raises(InputError, match="cannot be written: File name too long"):
        write(project, tmp_path / ("x" * 255))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
