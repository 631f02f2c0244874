"""A header among others."""

from pivotal_sandbox.common.headers import header_value

HEADERS = (("Host", "h"), ("X-Empty", ""), ("x-one", "1"), ("X-One", "2"))


def test_the_first_value_is_found_whatever_the_case_of_the_name() -> None:
    assert (header_value(HEADERS, "host"), header_value(HEADERS, "x-one")) == ("h", "1")


def test_an_empty_header_is_not_a_missing_one() -> None:
    assert (header_value(HEADERS, "x-empty"), header_value(HEADERS, "x-two")) == ("", None)
