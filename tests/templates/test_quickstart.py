"""The quickstart pages in docs/ are what the templates say. `python FILE` writes them anew."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pivotal_sandbox.templates import Template, render, templates

DOCS = Path(__file__).parents[2] / "docs"
HEAD = "quickstart-"
FENCES = {
    "mjs": "javascript",
    "js": "javascript",
    "ts": "typescript",
    "kt": "kotlin",
    "py": "python",
}
FENCES |= {"rs": "rust", "rb": "ruby", "pl": "perl", "pm": "perl", "h": "cpp", "hpp": "cpp"}


def languages() -> dict[str, list[Template]]:
    """Return the templates of each language that a quickstart tells of."""
    found: dict[str, list[Template]] = {}
    for template in templates():
        found.setdefault(template.language, []).append(template)
    return found


def page_name(language: str) -> str:
    slug = re.sub("[^a-z0-9]+", "-", language.lower().replace("+", "p"))
    return f"{HEAD}{slug}.md"


def page(language: str, its: list[Template]) -> str:
    """Return the page of a language: its templates, and the files of the one that is shown."""
    shown = next((template for template in its if template.quickstart), its[0])
    project = render(shown, project="hooks")
    shown, commands = project.template, project.commands
    return "\n".join(
        [
            f"# Quickstart: {language}\n",
            "Made from the templates by `python tests/templates/test_quickstart.py`.\n",
            f"You need {shown.runtime}. This writes a receiver, tests it, and grades it:\n",
            "```console",
            f"pivotal-sandbox new {shown.name} hooks",
            "cd hooks",
            commands.install,
            commands.test,
            project.check,
            "```\n",
            "It ends with `Grade A`. Fill in the functions for the event types that you want.\n",
            *choice(its),
            "## Raw bytes first\n",
            f"The route, `{shown.handler}`, takes the bytes as they came, unparsed.\n",
            code(shown.handler, project.files[shown.handler]),
            "## Then the signature\n",
            f"`{shown.signature}` stands alone, and may be copied alone.\n",
            code(shown.signature, project.files[shown.signature]),
            "## Then real events\n",
            "In a terminal each: a sandbox that delivers to your receiver, the receiver with the "
            "secret that the sandbox printed, and an event:\n",
            "```console",
            "pivotal-sandbox up --to http://127.0.0.1:8000/webhooks/pivotal",
            f"PIVOTAL_WEBHOOK_SECRET=whsec_... {commands.run}",
            "pivotal-sandbox trigger customer.at_risk --wait",
            "```\n",
            "After each change of yours, the last line of the first block says whether it is still "
            "`Grade A`.",
            "",
        ]
    )


def choice(its: list[Template]) -> Iterator[str]:
    """Yield the table of a language's templates, where there is a choice."""
    if len(its) == 1:
        return
    yield "| template | framework | versions | proven by |"
    yield "|---|---|---|---|"
    for template in its:
        versions = (
            ", ".join(f"{name} {version}" for name, version in template.versions.items()) or "-"
        )
        proven = ", ".join(template.proven) or "nothing"
        yield f"| `{template.name}` | {template.framework} | {versions} | {proven} |"
    yield ""


def code(place: str, text: str) -> str:
    suffix = place.rpartition(".")[2]
    return f"```{FENCES.get(suffix, suffix)}\n{text.rstrip()}\n```\n"


@pytest.mark.parametrize("language", languages())
def test_each_language_has_its_page_as_its_templates_are(language: str) -> None:
    there = (DOCS / page_name(language)).read_text("utf-8")
    assert there == page(language, languages()[language]), f"Write it anew: python {__file__}"


def test_a_language_shows_one_template() -> None:
    shown = [template.language for template in templates() if template.quickstart]
    assert len(shown) == len(set(shown))


def test_there_is_no_page_of_a_language_without_templates() -> None:
    pages = {file.name for file in DOCS.glob(f"{HEAD}*.md")}
    assert pages == {page_name(language) for language in languages()}


if __name__ == "__main__":
    for old in DOCS.glob(f"{HEAD}*.md"):
        old.unlink()
    for language, its in languages().items():
        (DOCS / page_name(language)).write_text(page(language, its), "utf-8")
