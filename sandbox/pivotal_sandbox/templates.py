"""Renders a receiver template into a small project of its own.

A template is a folder of `receiver_templates/`: `template.toml`, and files that end in `.j2`.
CONTRIBUTING.md says what stands in each.
"""

import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError, NotFound, did_you_mean
from pivotal_sandbox.package_data import FIXTURES, RECEIVER_TEMPLATES

PATH = "/webhooks/pivotal"
PORT = 8000

SHARED = "_shared"
FOR_ALL = "project"  # the folder of _shared/ that every template has
SUFFIX = ".j2"
DOT = "dot-"
PATH_PLACE = "__path__"
EXECUTABLE = 0o111
VECTORS = FIXTURES / "vectors" / "pivotal_signature.json"

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


class Commands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to type in the project's folder, one shell line each."""

    install: str
    test: str
    run: str


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `template.toml` says, beside the name of its folder."""

    name: str
    language: str
    framework: str
    runtime: str
    versions: dict[str, str]
    needs: list[str]
    proven: list[str]
    vectors: str
    signature: str
    handler: str
    files: dict[str, str]
    commands: Commands
    shared: list[str] = []
    variables: dict[str, str] = {}
    notes: str = ""
    quickstart: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """A rendered template: the text of each file by its place in the project, and how to use it."""

    template: Template
    files: Mapping[str, str]
    commands: Commands
    check: str


def templates(home: Path = RECEIVER_TEMPLATES) -> list[Template]:
    """Return all templates, by language and name."""
    found = [_described(file.parent) for file in home.glob("*/template.toml")]
    return sorted(found, key=lambda template: (template.language, template.name))


def find(name: str, home: Path = RECEIVER_TEMPLATES) -> Template:
    """Return the template of that name. Raises `NotFound`, which names the nearest."""
    known = {template.name: template for template in templates(home)}
    if name not in known:
        raise NotFound(
            f'There is no template "{name}".{did_you_mean(name, known)} '
            "`pivotal-sandbox new --list` shows them all.",
            pointer="/template",
        )
    return known[name]


def render(
    template: Template,
    *,
    project: str,
    path: str = PATH,
    port: int = PORT,
    home: Path = RECEIVER_TEMPLATES,
) -> Project:
    """Return the project that a template makes, which receives at `path`.

    `project` is its name, as its folder is called. Raises `InputError` for a path that is none.
    """
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise InputError(
            f'The path "{path}" is not one like {PATH}: segments of letters, digits, "-", "_", '
            '"." and "~", each after a slash, and no slash at the end.',
            pointer="/path",
        )
    template = _placed(template, path)
    context: dict[str, Any] = {
        "project": re.sub("[^a-z0-9]+", "-", project.lower()).strip("-") or template.name,
        "path": path,
        "port": port,
        "template": template,
        "versions": template.versions,
        "events": _events(),
        **template.variables,
    }
    commands = Commands(
        *(_text(line, context) for line in msgspec.structs.astuple(template.commands))
    )
    check = (
        f"pivotal-sandbox check http://127.0.0.1:{port}{path} "
        f'--start "PIVOTAL_DEV=1 {commands.run}" --probe-file probe.jsonl'
    )
    context |= {"commands": commands, "check": check}
    files = {
        _place(place, path): _text(source.read_text("utf-8"), context)
        for place, source in _sources(home, template).items()
    }
    files[template.vectors] = VECTORS.read_text("utf-8")
    return Project(template, dict(sorted(files.items())), commands, check)


def write(project: Project, folder: Path) -> None:
    """Write a project to a folder that is new or empty, whole or not at all.

    Raises `InputError` where something is in the way.
    """
    folder = folder.absolute()
    try:
        _refuse_to_overwrite(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        # As near as can be, on the same file system, so that it gets to its place by renames.
        beside = folder if folder.is_dir() else folder.parent
        staging = beside / f".{folder.name}.{os.getpid()}"
        staging.mkdir()
        try:
            for place, text in project.files.items():
                file = staging / place
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8", newline="\n")
                if text.startswith("#!"):
                    file.chmod(file.stat().st_mode | EXECUTABLE)
            _move(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.", pointer="/dir") from None


def _placed(template: Template, path: str) -> Template:
    """Return the template with the names that its files have in a project."""
    return msgspec.structs.replace(
        template,
        vectors=_place(template.vectors, path),
        signature=_place(template.signature, path),
        handler=_place(template.handler, path),
        files={_place(file, path): what for file, what in template.files.items()},
    )


def _place(name: str, path: str) -> str:
    return name.replace(PATH_PLACE, path[1:])


def _refuse_to_overwrite(folder: Path) -> None:
    if folder.is_dir():
        there = next(folder.iterdir(), None)
        if there is not None:
            raise InputError(
                f'{folder} is not empty: "{there.name}" is in it, and nothing is ever '
                "overwritten. Name a new folder.",
                pointer="/dir",
            )
    elif folder.exists() or folder.is_symlink():
        raise InputError(f"{folder} is a file; name a new folder.", pointer="/dir")


def _move(staging: Path, folder: Path) -> None:
    """Put what was staged in its place. A folder that is there stays the same folder."""
    if not folder.is_dir():
        staging.rename(folder)
        return
    for child in sorted(staging.iterdir()):
        child.rename(folder / child.name)


def _described(folder: Path) -> Template:
    text = (folder / "template.toml").read_text("utf-8")
    try:
        return msgspec.convert({"name": folder.name, **tomllib.loads(text)}, Template)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{folder / 'template.toml'}: {error}.") from None


def _sources(home: Path, template: Template) -> dict[str, Path]:
    """Return the file that each place in the project is made from; the template's own go first."""
    shared = [home / SHARED / name for name in (FOR_ALL, *template.shared)]
    return {
        place: file for folder in (*shared, home / template.name) for place, file in _files(folder)
    }


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob(f"*{SUFFIX}")):
        parts = file.relative_to(folder).parts
        # A name with a dot would be obeyed here, by git for one.
        named = [f".{part.removeprefix(DOT)}" if part.startswith(DOT) else part for part in parts]
        yield "/".join(named).removesuffix(SUFFIX), file


def _events() -> list[dict[str, str]]:
    return [
        {
            "type": event_type.name,
            "object": event_type.object,
            "description": event_type.description,
        }
        for event_type in load_catalog()
    ]


def _text(source: str, context: Mapping[str, Any]) -> str:
    return _environment().from_string(source).render(context)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # what is rendered is source code, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"snake": snake, "camel": camel, "pascal": pascal}
    return environment


def snake(event_type: str) -> str:
    """Return a name for an event type: "customer.at_risk" is customer_at_risk."""
    return event_type.replace(".", "_")


def pascal(event_type: str) -> str:
    """Return a name for an event type: "customer.at_risk" is CustomerAtRisk."""
    return "".join(word.capitalize() for word in re.split("[._]", event_type))


def camel(event_type: str) -> str:
    """Return a name for an event type: "customer.at_risk" is customerAtRisk."""
    name = pascal(event_type)
    return name[:1].lower() + name[1:]
