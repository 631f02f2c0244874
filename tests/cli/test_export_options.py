"""What the commands do with it is tested with them: test_captures.py and test_deliveries.py."""

import click
import pytest
from tests.exports.exchanges import sent

from pivotal_sandbox.cli.export_options import NAMES, export_request
from pivotal_sandbox.exports.formats import FORMS


def test_the_forms_of_the_commands_are_all_there_are_and_lines_of_json() -> None:
    assert (*(form.name for form in FORMS), "jsonl") == NAMES


def test_by_default_and_by_json_it_is_lines() -> None:
    for form, as_json in ((None, False), (None, True), ("jsonl", False), ("jsonl", True)):
        assert export_request(form, None, False, as_json).lines
    assert not export_request("har", None, False, False).lines


def test_what_was_sent_is_told_in_the_order_of_time_and_to_the_url_that_is_given() -> None:
    later, sooner = sent(id="msg_b", at=2), sent(id="msg_a", at=1)
    text = export_request("curl", "http://127.0.0.1:8000/hook", False, False).text([later, sooner])
    assert text.index("msg_a") < text.index("msg_b")
    assert text.count("http://127.0.0.1:8000/hook") == 2
    assert "http://h/" not in text


@pytest.mark.parametrize(
    ("form", "to", "re_sign", "as_json"),
    [
        ("curl", None, False, True),
        ("har", "http://x/", False, False),
        (None, "http://x/", False, False),
        ("har", None, True, False),
        ("pytest", None, True, False),
        (None, None, True, False),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    form: str | None, to: str | None, re_sign: bool, as_json: bool
) -> None:
    with pytest.raises(click.UsageError):
        export_request(form, to, re_sign, as_json)
