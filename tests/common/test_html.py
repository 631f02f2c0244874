"""Pages: nothing that they are handed becomes markup, and any text has a place on them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from pivotal_sandbox.common.html import page, templates_in


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters()))
def test_any_text_is_shown_as_text(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.html.j2").write_text("<p>{{ text }}</p>\n", "utf-8")
    made = page(templates_in(tmp_path).get_template("a.html.j2"), text=text)
    assert made.startswith("<p>")
    assert made.endswith("</p>\n")
    assert "<" not in made[len("<p>") : -len("</p>\n")]
    made.encode()


def test_a_name_that_nobody_gave_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.html.j2").write_text("{{ mispelt }}", "utf-8")
    with pytest.raises(UndefinedError, match="mispelt"):
        page(templates_in(tmp_path).get_template("a.html.j2"), misspelt=1)
