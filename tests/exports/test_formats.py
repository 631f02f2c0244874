import pytest
from tests.exports.exchanges import sent

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.formats import FORMS, ExportOptions, Form, export, get_form


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_form_is_a_file_that_ends_with_its_line(form: Form) -> None:
    assert get_form(form.name) is form
    text = export([sent()], form, ExportOptions("1.0"))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "task.completed" in text or form.name == "pytest"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_a_form_cannot_sign_it_does_not_sign(form: Form) -> None:
    how = ExportOptions("1.0", re_sign=True)
    if form.re_signs:
        assert export([sent()], form, how) != export([sent()], form, ExportOptions("1.0"))
    else:
        with pytest.raises(InputError, match=f"as {form.name} signs nothing anew"):
            export([sent()], form, how)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("curll", 'Did you mean "curl"?'), ("xml", "There are: scenario, curl, httpie, har, pytest.")],
)
def test_another_form_is_answered_by_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        get_form(name)
    assert hint in str(refused.value)
