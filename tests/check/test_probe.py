"""Probes of every kind."""

from pathlib import Path
from typing import Any

import pytest
from tests.check.server import Answer, Request, serving

from pivotal_sandbox.check.probe import (
    ProbeCallable,
    ProbeCommand,
    ProbeError,
    ProbeFile,
    ProbeUrl,
    as_probe,
)
from pivotal_sandbox.errors import InputError

IDS = ["evt_1", "evt_2"]


@pytest.mark.parametrize("form", ["{}", '{{"count": {}}}', " {}\n"])
async def test_probe_url_answers_with_a_number_or_a_count(form: str) -> None:
    async def handler(request: Request) -> Answer:
        return Answer(200, form.format(1 if request.path.endswith("evt_1") else 0).encode())

    async with serving(handler) as url:
        assert await ProbeUrl(f"{url}/{{id}}").counts(IDS) == {"evt_1": 1, "evt_2": 0}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(404), "answered 404, not 200"),
        (Answer(200, b"none"), "neither a number"),
        (Answer(200, b"true"), "neither a number"),
        (Answer(200, b"-1"), "neither a number"),
        (Answer(200, b'{"n": 1}'), "neither a number"),
    ],
)
async def test_invalid_count_is_an_error(answer: Answer, message: str) -> None:
    async def handler(request: Request) -> Answer:
        return answer

    async with serving(handler) as url:
        with pytest.raises(ProbeError, match=message):
            await ProbeUrl(f"{url}/{{id}}").counts(IDS)


async def test_unreachable_probe_url_is_an_error() -> None:
    with pytest.raises(ProbeError, match="loopback"):
        await ProbeUrl("http://192.0.2.1/{id}").counts(IDS)


@pytest.mark.parametrize("make", [ProbeUrl, ProbeCommand])
def test_template_needs_a_placeholder_for_the_id(make: Any) -> None:
    with pytest.raises(InputError, match=r"has no \{id\}"):
        make("http://127.0.0.1/count")


async def test_a_command_prints_a_count() -> None:
    probe = ProbeCommand("case {id} in evt_1) echo 2;; *) echo '{\"count\": 0}';; esac")
    assert await probe.counts(IDS) == {"evt_1": 2, "evt_2": 0}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo oh no >&2; exit 3 # {id}", "exit code 3: oh no"),
        ("exit 4 # {id}", "exit code 4: silently"),
        ("echo many # {id}", "neither a number"),
    ],
)
async def test_a_command_that_fails_is_an_error(command: str, message: str) -> None:
    with pytest.raises(ProbeError, match=message):
        await ProbeCommand(command).counts(["evt_1"])


async def test_a_file_counts_whole_lines_with_the_id(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    probe = ProbeFile(file)
    assert await probe.counts(IDS) == {"evt_1": 0, "evt_2": 0}
    file.write_text('{"id":"evt_1"}\n\n{"id":"evt_1","x":1}\n{"id":"evt_9"}\n{"id":"evt_2')
    assert await probe.counts(IDS) == {"evt_1": 2, "evt_2": 0}


@pytest.mark.parametrize("line", ["evt_1", "[]", '{"event":"evt_1"}', "7", '{"id":["x"]}'])
async def test_invalid_line_of_a_probe_file_is_an_error(tmp_path: Path, line: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f'{{"id":"evt_1"}}\n{line}\n')
    with pytest.raises(ProbeError, match="line 2"):
        await ProbeFile(file).counts(IDS)


async def test_unreadable_probe_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="cannot be read"):
        await ProbeFile(tmp_path).counts(IDS)


async def test_a_function_may_be_plain_or_async() -> None:
    async def later(id: str) -> int:
        return 3

    assert await as_probe(len).counts(IDS) == {"evt_1": 5, "evt_2": 5}
    assert await as_probe(later).counts(["evt_1"]) == {"evt_1": 3}
    for answer in (True, 1.5):
        with pytest.raises(ProbeError, match="not an int"):
            await ProbeCallable(lambda id, answer=answer: answer).counts(IDS)  # type: ignore[misc]


async def test_any_object_with_counts_is_a_probe() -> None:
    class Own:
        async def counts(self, ids: Any) -> dict[str, int]:
            return dict.fromkeys(ids, 7)

    assert await as_probe(Own()).counts(["evt_1"]) == {"evt_1": 7}
    command = ProbeCommand("echo {id}")
    assert as_probe(command) is command
