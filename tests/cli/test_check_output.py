"""What `check` prints besides a report."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]

UNSAFE = """
def verify(request, secret):
    signature = request.headers["pivotal-signature"]
    expected = sign(request.get_data(), secret)
    return signature == expected
"""


def test_the_table_says_what_a_check_needs(run: Run) -> None:
    lines = run("check", "--list", "--only", "retry-identical").stdout.splitlines()
    assert lines[0].split() == ["ID", "GROUP", "SEVERITY", "NEEDS", "TITLE"]
    assert any("retry-identical" in line and "idempotency" in line for line in lines)
    assert "previous-secret" in run("check", "--list").stdout


def test_the_lint_finds_an_unsafe_comparison(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "handler.py"
    source.write_text(UNSAFE)
    result = run("check", "--lint", str(source))
    assert result.exit_code == 1, result.output
    assert f"{source}:5" in result.stdout
    [finding, *_] = json.loads(run("check", "--lint", str(source), "--json").stdout)
    assert finding["line"] == 5
    assert finding["advice"]


def test_a_clean_source_is_said_to_be_so(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "handler.py"
    source.write_text("x = 1\n")
    result = run("check", "--lint", str(source))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Nothing found" in result.stderr


def test_a_url_beside_the_lint_is_refused_as_nobody_would_ask_it(run: Run, tmp_path: Path) -> None:
    result = run("check", "http://127.0.0.1:1/", "--lint", str(tmp_path))
    assert result.exit_code == 2
    assert "--lint reads source and asks no receiver" in result.stderr
