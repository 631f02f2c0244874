"""docs/checks.md says of each check what the battery says of it.

`python tests/check/test_checks_page.py` writes the page anew.
"""

from pathlib import Path

from pivotal_sandbox.check.advice import GENERAL
from pivotal_sandbox.check.case import Case
from pivotal_sandbox.check.registry import CASES, GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
HEAD = """\
# The checks

What `pivotal-sandbox check URL` tries, and what it says to mend; made by
`python tests/check/test_checks_page.py`. A `must` that fails makes exit code 1. What needs a probe
(`--probe-url`, `--probe-cmd`, `--probe-file`) is not tested without one, and the grade is B at
best. `--only` and `--skip` take the ids below, and the names of the groups.

| grade | what it means |
|---|---|
| F | a forged event is accepted |
| D | genuine events are refused, or the receiver dies |
| C | one event is acted on twice, or lost in a race |
| B | lesser findings only, or no probe to show what was done |
| A | clean, as a probe shows |
"""


def page() -> str:
    """Return the page as it should be."""
    parts = [HEAD]
    for group in GROUPS:
        parts.append(f"\n## {group}\n")
        parts += [_described(case) for case in CASES if case.group == group]
    return "".join(parts)


def _described(case: Case) -> str:
    needs = "".join(f", needs --{need.replace('_', '-')}" for need in case.needs if need != "probe")
    probe = ", needs a probe" if "probe" in case.needs else ""
    mend = f"*To mend:* {GENERAL[case.topic]}\n" if case.topic in GENERAL else ""
    return (
        f"\n### {case.id}\n\n{case.title} ({case.severity}{probe}{needs}). "
        f"Expected: {case.expected}.\n\n{case.reason}\n\n{mend}"
    )


def test_checks_page_is_up_to_date() -> None:
    written = PAGE.read_text("utf-8")
    assert written == page(), "Write it anew: python tests/check/test_checks_page.py"


def test_the_readme_counts_the_checks() -> None:
    for name in ("README.md", "CHANGELOG.md"):
        assert f"{len(CASES)} checks" in (PAGE.parents[1] / name).read_text("utf-8").replace(
            "[", ""
        )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
