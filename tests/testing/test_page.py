"""The page about testing; `python tests/testing/test_page.py` puts the examples into it."""

import inspect
import re
from pathlib import Path

import pytest

from pivotal_sandbox import pytest_plugin
from pivotal_sandbox.testing import Attempt, Capture, Delivery, Endpoint, Pivotal

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "testing.md"
EXAMPLES = ROOT / "tests" / "examples"

_PLACE = re.compile(r"(<!-- (tests/examples/\w+\.py) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def with_examples(page: str) -> str:
    """Return the page with every example as its file now is, less what is said to checkers."""

    def example(match: re.Match[str]) -> str:
        lines = (ROOT / match[2]).read_text("utf-8").splitlines(keepends=True)
        source = "".join(line for line in lines if not line.startswith("# mypy:"))
        return f"{match[1]}\n```python\n{source}```\n\n{match[3]}"

    return _PLACE.sub(example, page)


def test_the_page_shows_every_example_as_it_is() -> None:
    page = PAGE.read_text("utf-8")
    assert page == with_examples(page), "Write it anew: python tests/testing/test_page.py"
    shown = {Path(match[2]).name for match in _PLACE.finditer(page)}
    assert shown == {path.name for path in EXAMPLES.glob("test_*.py")}


@pytest.mark.parametrize("kind", [Pivotal, Capture, Delivery, Attempt, Endpoint])
def test_the_page_names_all_that_can_be_used(kind: type) -> None:
    page = PAGE.read_text("utf-8")
    names = {*vars(kind), *inspect.get_annotations(kind)}
    # What the room needs for itself, and what is said of a delivery in other places.
    own = {"awaitable", "close", "update", "said", "endpoint_id", "came_back", "delivery_id"}
    own |= {"secrets"} if kind is Attempt else set()
    public = {name for name in names if not name.startswith("_")} - own
    assert {name for name in public if not re.search(rf"`[^`]*\b{name}\b[^`]*`", page)} == set()


def test_the_page_names_every_fixture_and_mark() -> None:
    page = PAGE.read_text("utf-8")
    source = inspect.getsource(pytest_plugin)
    fixtures = re.findall(r"@pytest\.fixture.*\ndef (pivotal\w*|apivotal)\(", source)
    assert len(fixtures) == 4
    settings = re.findall(r'addini\(\s*"(\w+)"', source)
    assert len(settings) == 3
    assert {name for name in (*fixtures, *settings) if f"`{name}`" not in page} == set()
    assert "--pivotal-report" in page


if __name__ == "__main__":
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
