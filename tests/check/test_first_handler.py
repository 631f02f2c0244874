"""A newcomer's handler goes from F to A by following the report alone, in four versions."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest
from tests.check.receivers import WAITS

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.options import CheckOptions
from pivotal_sandbox.check.probe import ProbeUrl
from pivotal_sandbox.check.receiver_process import start_receiver
from pivotal_sandbox.check.runner import check

STORY = Path(__file__).parent / "first_handler"
SECRET = "whsec_2bN8sR1wZ6yH3cF5gJ0pA2eU7iO4rK9t7dQ2vX9kLmT"


async def grade(version: str, folder: Path) -> Report:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = (
        f"cd '{folder}' && exec {sys.executable} -m flask --app '{STORY / version}' "
        "run --port $PORT"
    )
    url = f"{base}/webhooks/pivotal"
    async with start_receiver(command, url, SECRET):
        probe = ProbeUrl(f"{base}/done/{{id}}")
        return await check(url, SECRET, CheckOptions(waits=WAITS), probe=probe)


# For each version its grade, and what its report says has to be mended.
VERSIONS = {
    "v1": (
        "F",
        {
            "version-downgrade",
            "body-tampered",
            "replay-stale",
            "replay-new-delivery-id",
            "signed-bad-shape",
            "sig-missing",
        },
    ),
    "v2": ("F", {"replay-stale", "replay-new-delivery-id", "signed-bad-shape"}),
    "v3": ("C", {"replay-new-delivery-id"}),
    "v4": ("A", set[str]()),
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """The reports of all versions."""

    async def run() -> list[Report]:
        return await asyncio.gather(
            *[grade(version, tmp_path_factory.mktemp(version)) for version in VERSIONS]
        )

    return dict(zip(VERSIONS, asyncio.run(run()), strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_fixes_what_the_previous_report_found(
    version: str, reports: dict[str, Report]
) -> None:
    report = reports[version]
    found = {
        result.id
        for result in report.results
        if result.outcome == "failed" and result.severity != "info" and result.caused_by is None
    }
    assert (report.grade, found) == VERSIONS[version]


def test_the_advice_names_what_the_next_version_does(reports: dict[str, Report]) -> None:
    advice = {result.id: result.advice for result in reports["v1"].results}
    assert "request.get_data()" in advice["body-tampered"]
    assert "exactly v1" in advice["version-downgrade"]
    assert "abs(now - t) > 300" in advice["replay-stale"]
    assert "exactly one t" in advice["sig-missing"]
    assert "answer 400" in advice["signed-bad-shape"]
    assert "ON CONFLICT DO NOTHING" in advice["replay-new-delivery-id"]
    assert "id in the verified body" in advice["replay-new-delivery-id"]
