import random
import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pivotal_sandbox.common.ids import (
    ALPHABET,
    CAPTURE,
    DELIVERY,
    ENDPOINT,
    EVENT,
    Ids,
    is_id,
    lower_bound,
    new_secret,
)

NOW = 1_753_178_400_000
FOREVER = 62**8 - 1  # ms; the year 8888

moments = st.integers(0, FOREVER)
seeds = st.integers(0, 2**64)
prefixes = st.sampled_from([EVENT, DELIVERY, ENDPOINT, CAPTURE, "cus_"])


def ids(seed: int = 1) -> Ids:
    return Ids(random.Random(seed))


def test_an_id_is_its_prefix_and_26_base62_characters() -> None:
    assert re.fullmatch("evt_[0-9A-Za-z]{26}", ids().new(EVENT, NOW))
    assert (EVENT, DELIVERY, ENDPOINT, CAPTURE) == ("evt_", "msg_", "ep_", "cap_")


def test_a_known_seed_gives_known_ids() -> None:
    made = ids()
    assert made.new(EVENT, NOW) == "evt_0Urfhtnk6SwpTOlvEoDlIIeFNM"
    assert made.new(DELIVERY, NOW) == "msg_0Urfhtnk6SwpTOmBxl6rUAtYki"
    assert made.new(ENDPOINT, NOW + 1) == "ep_0UrfhtnlKqOvFEzl4IASlDVr7b"


@given(seeds, seeds, st.lists(moments))
def test_the_same_seed_gives_the_same_ids_and_another_seed_others(
    seed: int, other: int, times: list[int]
) -> None:
    first, same, another = ids(seed), ids(seed), ids(other)
    made = [first.new(EVENT, now) for now in times]
    assert made == [same.new(EVENT, now) for now in times]
    if seed != other:
        assert not {*made} & {another.new(EVENT, now) for now in times}


@settings(deadline=None)
@given(seeds, st.lists(st.integers(-FOREVER, FOREVER) | st.integers(NOW, NOW + 3), min_size=2))
def test_each_id_sorts_after_all_before_it_whatever_the_clock_does(
    seed: int, times: list[int]
) -> None:
    source = ids(seed)
    made = [source.new(EVENT, now) for now in times]
    assert all(id < next_one for id, next_one in pairwise(made))
    assert all(is_id(EVENT, id) for id in made)


def test_a_hundred_thousand_ids_of_one_millisecond_are_sorted_and_unique() -> None:
    source = ids()
    made = [source.new(EVENT, NOW) for _ in range(100_000)]
    assert made == sorted(set(made))
    assert {id[:12] for id in made} == {lower_bound(EVENT, NOW)}


def test_the_next_id_is_not_to_be_guessed_from_the_one_before() -> None:
    source = ids()
    numbers = [number(source.new(EVENT, NOW)) for _ in range(100)]
    steps = {after - before for before, after in pairwise(numbers)}
    assert len(steps) == 99
    assert 2**60 < max(steps) < 2**64
    assert min(steps) > 0


def number(made: str) -> int:
    value = 0
    for character in made[-18:]:
        value = value * 62 + ALPHABET.index(character)
    return value


@given(moments, moments, seeds, prefixes)
@example(1, 0, 1, EVENT)
@example(1, 1, 1, EVENT)
def test_ids_are_not_below_the_bound_of_a_time_exactly_if_made_then_or_later(
    bound: int, now: int, seed: int, prefix: str
) -> None:
    assert (ids(seed).new(prefix, now) >= lower_bound(prefix, bound)) == (now >= bound)


def test_times_beyond_the_year_8888_are_that_year_s_end() -> None:
    assert lower_bound(EVENT, FOREVER + 1) == lower_bound(EVENT, FOREVER) == "evt_zzzzzzzz"
    source = ids()
    assert source.new(EVENT, FOREVER + 1) < source.new(EVENT, FOREVER + 10**9)


@given(st.integers(max_value=0), seeds)
def test_a_bound_before_1970_lets_every_id_pass(bound: int, seed: int) -> None:
    assert ids(seed).new(EVENT, 0) >= lower_bound(EVENT, bound) == "evt_00000000"


@given(prefixes, prefixes, moments, seeds)
def test_an_id_has_the_form_of_its_own_prefix_only(
    prefix: str, other: str, now: int, seed: int
) -> None:
    made = ids(seed).new(prefix, now)
    assert is_id(prefix, made)
    assert is_id(other, made) == (other == prefix)
    assert not is_id(prefix[:-1], made)
    assert not is_id("", made)


@given(prefixes, st.text(st.characters() | st.sampled_from(ALPHABET), min_size=20, max_size=30))
def test_nothing_else_has_the_form_of_an_id(prefix: str, tail: str) -> None:
    right = len(tail) == 26 and set(tail) <= set(ALPHABET)
    assert is_id(prefix, prefix + tail) == right


TAIL = "0" * 25


@pytest.mark.parametrize(
    "text", ["", "evt_", TAIL + "0", f"EVT_{TAIL}0", f"evt_{TAIL}", f"evt_{TAIL}00", f"evt_{TAIL}٣"]
)
def test_near_misses_are_not_ids(text: str) -> None:
    assert not is_id(EVENT, text)
    assert not is_id(EVENT, text + "\n")
    assert is_id(EVENT, f"evt_{TAIL}0")


def test_a_secret_is_whsec_and_43_base62_characters_each_time_anew() -> None:
    source = random.Random(7)
    made = [new_secret(source) for _ in range(1000)]
    assert all(re.fullmatch("whsec_[0-9A-Za-z]{43}", secret) for secret in made)
    assert len(set(made)) == 1000
    assert set("".join(made)) >= set(ALPHABET)


def test_the_operating_system_s_randomness_serves_as_well() -> None:
    source = Ids(random.SystemRandom())
    assert source.new(EVENT, NOW) != Ids(random.SystemRandom()).new(EVENT, NOW)
    assert new_secret(random.SystemRandom()) != new_secret(random.SystemRandom())


@given(seeds)
def test_the_same_seed_gives_the_same_secret(seed: int) -> None:
    assert new_secret(random.Random(seed)) == new_secret(random.Random(seed))
