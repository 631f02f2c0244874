"""Pages made of templates: what they are handed is shown as text, whatever it is."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


def templates_in(folder: Path) -> Environment:
    """Return the templates of a folder: all is escaped, and a misspelt name is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(template: Template, **content: object) -> str:
    """Return the page that the template makes of `content`, fit for a file or an answer."""
    # Halves of characters have no UTF-8 form.
    return template.render(content).encode("utf-8", "backslashreplace").decode()
