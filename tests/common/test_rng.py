"""Draws from one source of randomness."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.rng import RandomSource

draws = st.integers().map(lambda seed: RandomSource(random.Random(seed)))


def test_the_same_source_draws_the_same() -> None:
    first, other = (RandomSource(random.Random(3)) for _ in range(2))
    assert [first.between(0, 9**9) for _ in range(5)] == [other.between(0, 9**9) for _ in range(5)]


def test_every_number_of_a_range_is_drawn_and_no_other() -> None:
    draw = RandomSource(random.Random(1))
    assert {draw.between(-1, 2) for _ in range(200)} == {-1, 0, 1, 2}


def test_a_chance_is_a_share() -> None:
    draw = RandomSource(random.Random(1))
    assert 2200 < sum(draw.chance(0.25) for _ in range(10_000)) < 2800


def test_every_option_is_picked() -> None:
    draw = RandomSource(random.Random(1))
    assert {draw.pick("abc") for _ in range(100)} == {*"abc"}


@given(draws, st.lists(st.integers(), min_size=2, unique=True), st.integers())
def test_another_option_is_another(draw: RandomSource, options: list[int], than: int) -> None:
    assert draw.other(options, options[0]) in options[1:]
    assert draw.other(options, than) in options
    assert draw.other(options, None) in options


@given(draws, st.lists(st.integers(), min_size=1, unique=True), st.integers(0, 5))
def test_some_are_a_few_of_the_options_in_their_order(
    draw: RandomSource, options: list[int], most: int
) -> None:
    some = draw.some(options, most)
    assert len(some) <= most
    assert [option for option in options if option in some] == some


@given(draws)
def test_digits_take_the_place_of_the_marks(draw: RandomSource) -> None:
    text = draw.digits("+12-##")
    assert text.startswith("+12-")
    assert len(text) == 6
    assert text[4:].isdecimal()
