"""The API, tried by what its own description says: no 5xx, no answer outside the description."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "12")  # for each call of the API
PHASES = os.environ.get("SCHEMATHESIS_PHASES", "fuzzing")  # "coverage" too takes a minute
DEADLINE = 300  # seconds
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def test_no_call_that_the_description_allows_or_forbids_breaks_it(
    up_url: str, tmp_path: Path
) -> None:
    if not SCHEMATHESIS.exists():  # pragma: no cover
        pytest.fail("schemathesis is a dependency of the tests: make test installs it")
    done = subprocess.run(
        [
            *(str(SCHEMATHESIS), "run", f"{up_url}/api/openapi.json"),
            *("--checks", ",".join(CHECKS), "--max-examples", EXAMPLES, "--seed", "7"),
            # The stream never ends, and a wait in vain takes its time.
            *("--exclude-path", "/api/stream", "--exclude-path", "/api/wait"),
            *("--phases", PHASES, "--mode", "all"),
            *("--generation-deterministic", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    shutil.rmtree(tmp_path / ".schemathesis", ignore_errors=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
