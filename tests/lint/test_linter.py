import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lint.sources import BROKEN, CORRECT

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.lint.linter import lint
from pivotal_sandbox.lint.python import python_hits

MARK = re.compile(r"<- ([a-z -]+)$")


def marked(source: str) -> list[tuple[int, str]]:
    """Return the lines of a source that are to be found, with their rules."""
    return [
        (number, rule)
        for number, line in enumerate(source.splitlines(), start=1)
        if (found := MARK.search(line))
        for rule in sorted(found[1].split())
    ]


@pytest.mark.parametrize("name", CORRECT)
def test_nothing_is_found_in_a_correct_handler(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(CORRECT[name])
    assert lint(tmp_path / name) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_mistake_is_found_on_its_line_and_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BROKEN[name])
    findings = lint(tmp_path / name)
    assert [(finding.line, finding.rule) for finding in findings] == marked(BROKEN[name])
    assert {finding.file for finding in findings} == {tmp_path / name}


def test_a_finding_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    file = tmp_path / "newcomer.py"
    file.write_text(BROKEN["newcomer.py"])
    default, written, compared, logged = lint(file)
    assert default.message.startswith("Without the variable PIVOTAL_WEBHOOK_SECRET the secret is")
    assert "request.get_data() in Flask" in written.advice
    assert compared.message.startswith("== stops at the first difference")
    assert logged.message == "print() puts the right signature into the log."


def test_a_folder_is_read_except_for_what_was_installed_there(tmp_path: Path) -> None:
    for folder in ("", "app", "node_modules/x", ".venv", "vendor"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "hook.py").write_text(BROKEN["newcomer.py"])
    (tmp_path / "notes.txt").write_text("signature == expected")
    assert {finding.file.parent for finding in lint(tmp_path)} == {tmp_path, tmp_path / "app"}


def test_a_path_without_python_is_an_error_that_says_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x.pl is not Python: --lint reads files that end in .py"):
        lint(tmp_path / "x.pl")
    with pytest.raises(InputError, match="no Python source in"):
        lint(tmp_path)
    with pytest.raises(InputError, match=r"x.py cannot be read: No such file"):
        lint(tmp_path / "x.py")


def test_bytes_that_are_not_utf_8_do_not_hide_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "hook.py"
    source = BROKEN["newcomer.py"]
    file.write_bytes(b"\xef\xbb\xbf" + source.encode() + b"# Zo\xeb\n")
    assert [(finding.line, finding.rule) for finding in lint(file)] == marked(source)


SNIPPETS = [
    *"""'"`${}()[]<>;,.=/*#\\\n\t@$?!:+-&|""",
    "signature",
    "expected",
    " == ",
    "hmac",
    "'''",
    "pivotal-signature",
    "def f(",
]
texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(SNIPPETS), max_size=60).map("".join),
    st.sampled_from([*CORRECT.values(), *BROKEN.values()]).flatmap(
        lambda source: st.tuples(
            st.integers(0, len(source)), st.integers(0, len(source)), st.text(max_size=3)
        ).map(lambda cut: source[: cut[0]] + cut[2] + source[cut[1] :])
    ),
)


@given(texts)
def test_any_text_can_be_read(text: str) -> None:
    text = f"hmac {text}"
    assert all(1 <= hit.line <= text.count("\n") + 1 for hit in python_hits(text))
