"""docs/ci.md and the Dockerfile, as far as they can be tried without GitHub and Docker."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import yaml

from pivotal_sandbox.cli.main import cli

ROOT = Path(__file__).parents[1]
WORKFLOW, COMPOSE = (
    yaml.safe_load(block)
    for block in re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text("utf-8"), re.DOTALL
    )
)
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def parsed(command: str, arguments: list[str]) -> dict[str, Any]:
    """Return what the command takes these arguments for."""
    found = cli.get_command(click.Context(cli, **cli.context_settings), command)
    assert found is not None
    return found.make_context(command, list(arguments), **cli.context_settings).params


def test_the_workflow_grades_by_flags_that_there_are_and_uploads_what_it_writes() -> None:
    steps = WORKFLOW["jobs"]["check"]["steps"]
    [graded] = [step for step in steps if step.get("name") == "Grade the receiver"]
    program, command, *arguments = shlex.split(graded["run"])
    assert (program, command) == ("pivotal-sandbox", "check")
    given = parsed(command, arguments)
    assert given["format"] == "junit"
    assert given["start"].startswith("flask ")
    upload = steps[-1]
    assert upload["uses"].startswith("actions/upload-artifact@")
    assert upload["with"]["path"] == str(given["output"])
    assert upload["if"] == "always()"  # a receiver that fails is what one wants to read about


def test_the_services_start_by_flags_that_there_are() -> None:
    command, *arguments = COMPOSE["services"]["pivotal"]["command"]
    given = parsed(command, arguments)
    assert (given["to"], given["allow_hosts"]) == ("http://app:8000/webhooks/pivotal", ("app",))


def test_the_image_runs_as_nobody_special_and_says_how_it_is() -> None:
    *_, final = DOCKERFILE.split("\nFROM ")
    instructions = [line.split(" ", 1)[0] for line in final.splitlines()[1:] if line[:1].isupper()]
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert "USER 10001" in final
    assert "/healthz" in final


def test_the_image_is_built_as_hadolint_would_have_it() -> None:
    """Its rules by hand, as far as they bear on what is in the file; hadolint has no package."""
    lines = re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
    by: dict[str, list[str]] = {}
    for line in lines:
        if line[:1].isupper():
            by.setdefault(line.split(" ", 1)[0], []).append(line.split(" ", 1)[1])
    # DL3006, DL3007, DL3029: a tag that names Python's minor version and Debian's release.
    assert all(re.match(r"python:3\.\d+-slim-[a-z]+( AS \w+)?$", image) for image in by["FROM"])
    assert not {"MAINTAINER", "ADD", "SHELL", "ONBUILD"} & set(by)  # DL4000, DL3020
    assert all(place.startswith("/") for place in by["WORKDIR"])  # DL3000
    for command in by["RUN"]:
        assert not re.search(
            r"\b(sudo|cd|wget|curl|apt|apt-get)\b", command
        )  # DL3003, DL3004, DL3008
        # DL3013 and DL3042: what is installed is pinned by hash, or lies here; nothing is cached.
        for install in re.findall(r"pip install ([^&]*)", command):
            assert "--no-cache-dir" in install
            assert "--require-hashes -r requirements.lock" in install or install.split()[-1] == "."
    stages = re.findall(r"AS (\w+)", DOCKERFILE)
    assert set(re.findall(r"--from=(\w+)", DOCKERFILE)) <= set(stages)  # DL3022
    # DL4003, DL4004, DL3025: one of each, in the form that no shell reads.
    for only in ("ENTRYPOINT", "CMD"):
        [form] = by[only]
        assert isinstance(json.loads(form), list)
    [health] = by["HEALTHCHECK"]
    assert isinstance(json.loads(health.partition("CMD ")[2]), list)
    assert by["USER"][-1] not in ("root", "0")  # DL3002
    assert all(int(port) < 65536 for port in by["EXPOSE"])  # DL3011
    first = [line.split(" ", 1)[0] for line in lines if line[:1].isupper()]
    assert ("RUN", "RUN") not in pairwise(first)  # DL3059
    for copied in by["COPY"]:
        *sources, target = (word for word in copied.split() if word[:2] != "--")
        assert len(sources) == 1 or target.endswith("/")  # DL3021


def test_what_the_image_is_built_of_is_sent_to_the_builder() -> None:
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert f"!{source}" in sent, source
                assert (ROOT / source).exists(), source


def test_the_variable_that_the_image_sets_is_one_of_up() -> None:
    [variable] = re.findall(r"(PIVOTAL_SANDBOX_\w+)=", DOCKERFILE)
    up = cli.get_command(click.Context(cli, **cli.context_settings), "up")
    assert up is not None
    assert variable in {getattr(parameter, "envvar", None) for parameter in up.params}
