"""The page of explanations; `python tests/explain/test_signatures_page.py` makes its tables."""

from pathlib import Path

from pivotal_sandbox.explain.explain import GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "signatures.md"
MARK = "<!-- The rest is made by python tests/explain/test_signatures_page.py -->\n"


def tables() -> str:
    """Return the tables of the page: each mistake, as the program names it."""
    parts = []
    for title, mistakes in GROUPS:
        rows = [
            "| " + " | ".join(part.replace("|", r"\|") for part in row) + " |"
            for row in (
                (f"`{mistake.id}`", mistake.does, mistake.help, mistake.mend)
                for mistake in mistakes
            )
        ]
        head = "| id | what it does | what it looks like | what to change |\n|---|---|---|---|\n"
        parts.append(f"\n### {title}\n\n{head}" + "\n".join(rows) + "\n")
    return "".join(parts)


def test_every_explanation_is_on_the_page_as_it_is() -> None:
    _, mark, made = PAGE.read_text("utf-8").partition(MARK)
    assert mark
    assert made == tables(), "Write it anew: python tests/explain/test_signatures_page.py"


def test_no_two_mistakes_have_one_id() -> None:
    ids = [mistake.id for _, mistakes in GROUPS for mistake in mistakes]
    assert len(ids) == len(set(ids)) >= 30


def test_every_mistake_says_all_that_the_page_shows() -> None:
    for _, mistakes in GROUPS:
        for mistake in mistakes:
            assert all((mistake.does, mistake.help, mistake.mend)), mistake.id
            assert mistake.mend.endswith("."), mistake.id


if __name__ == "__main__":
    text, mark, _ = PAGE.read_text("utf-8").partition(MARK)
    PAGE.write_text(text + mark + tables(), "utf-8")
