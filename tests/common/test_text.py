import pytest

from pivotal_sandbox.common.text import format_count, pluralize


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(0, "attempt", "0 attempts"), (1, "delivery", "1 delivery"), (2, "delivery", "2 deliveries")],
)
def test_counted_things_are_in_the_plural(count: int, noun: str, text: str) -> None:
    assert format_count(count, noun) == text


def test_a_noun_in_y_ends_in_ies() -> None:
    assert (pluralize("delivery"), pluralize("check")) == ("deliveries", "checks")
