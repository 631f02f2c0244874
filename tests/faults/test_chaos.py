"""Chaos: what is written is what is drawn, as often as it says, and the same under a seed."""

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.chaos import LONGEST_DELAY, Chaos, ChaosEffect, Rule, parse_chaos
from pivotal_sandbox.faults.registry import FAULTS

DRAWS = 2000
IDS = [f"msg_{number}" for number in range(DRAWS)]
NAMES = [fault.name for fault in FAULTS if fault.events == 1]


def test_a_text_names_what_goes_wrong_and_how_often() -> None:
    chaos = parse_chaos("5xx=10%, delay=200ms..2s,duplicate=0.5% ,timeout=90%")
    assert chaos.rules == (
        Rule("5xx", 0.1),
        Rule("delay", 1.0, 200, 2000),
        Rule("duplicate", 0.005),
        Rule("timeout", 0.9),
    )
    assert chaos.spec == "5xx=10%,delay=200ms..2s,duplicate=0.5%,timeout=90%"
    assert all(rule.help for rule in chaos.rules)


def test_a_delay_may_have_a_rate() -> None:
    chaos = parse_chaos("delay=0s..1m@2.5%")
    assert chaos.rules == (Rule("delay", 0.025, 0, LONGEST_DELAY),)
    assert chaos.spec == "delay=0s..1m@2.5%"


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_chaos(text: str) -> None:
    assert parse_chaos(text) == Chaos()
    assert parse_chaos(text).spec == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5xx", '"5xx" is not NAME=RATE, as in "5xx=10%'),
        ("5xx=10%,", '"" is not NAME=RATE'),
        ("5x=10%", 'Chaos has no "5x". Did you mean "5xx"'),
        ("qqqq=10%", 'Chaos has no "qqqq". There are: 5xx, timeout, delay, no-signature, '),
        ("verbatim=10%", 'Chaos has no "verbatim"'),
        ("5xx=10", '"10" is no rate for 5xx: write 0% to 100%, such as 10% or 0.5%'),
        ("5xx=101%", '"101%" is no rate for 5xx'),
        ("5xx=-1%", '"-1%" is no rate for 5xx'),
        ("5xx=nan%", '"nan%" is no rate'),
        ("5xx=", '"" is no rate for 5xx'),
        ("5xx=5%,5xx=5%", '"5xx" is there twice'),
        ("delay=2s", '"delay=2s": a delay is FROM..TO or FROM..TO@RATE'),
        ("delay=2s..1s", "the shorter time first and 1m at most"),
        ("delay=1s..61s", "the shorter time first and 1m at most"),
        ("delay=1s..2s@x", '"x" is no rate for delay'),
        ("delay=10%", "a delay is FROM..TO"),
        ("5xx=60%,timeout=41%", "5xx=60%, timeout=41% are 101 % together, but an attempt ends"),
        ("unicode=60%,duplicate=40.5%", "are 100.5 % together, but a delivery has one fault"),
        ("burst=10%", '"burst" takes several events, .*trigger TYPE --fault burst'),
        ("out-of-order=1%", '"out-of-order" takes several events'),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        parse_chaos(text)
    assert caught.value.pointer == "/spec"


def test_rates_of_a_hundred_percent_together_are_allowed() -> None:
    text = "5xx=33.3%,timeout=66.7%,unicode=0.1%,duplicate=0.2%,delayed=99.7%"
    assert parse_chaos(text).spec == text


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    name = draw(st.sampled_from(["5xx", "timeout", "delay", *NAMES]))
    rate = draw(st.integers(0, 10_000)) / 1_000_000
    if name != "delay":
        return Rule(name, rate)
    low, high = sorted(draw(st.tuples(*[st.integers(0, LONGEST_DELAY)] * 2)))
    return Rule(name, rate, low, high)


@given(st.lists(rules(), unique_by=lambda rule: rule.name, max_size=20))
def test_what_is_shown_is_read_back_as_it_was(given_rules: list[Rule]) -> None:
    chaos = Chaos(tuple(given_rules))
    assert parse_chaos(chaos.spec) == chaos


@given(st.text() | st.text("5xdelay=.%@ms,1209"))
def test_any_text_is_chaos_or_refused(text: str) -> None:
    try:
        chaos = parse_chaos(text)
    except InputError as error:
        assert error.pointer == "/spec"  # noqa: PT017
    else:
        assert parse_chaos(chaos.spec) == chaos


def near(count: int, rate: float) -> bool:
    """Say whether so many of the draws are what the rate lets one expect: four sigma."""
    return abs(count - rate * DRAWS) <= 4 * math.sqrt(DRAWS * rate * (1 - rate))


def test_the_rates_of_attempts_hold() -> None:
    chaos = parse_chaos("5xx=10%,timeout=5%,delay=200ms..2s@30%")
    drawn = [chaos.of_attempt("7", id, 1) for id in IDS]
    codes = Counter(trouble.status_code for trouble in drawn)
    assert near(codes[502] + codes[503], 0.10)
    assert near(codes[502], 0.05)
    assert near(sum(trouble.timeout for trouble in drawn), 0.05)
    delays = [trouble.delay_ms for trouble in drawn if trouble.delay_ms]
    assert near(len(delays), 0.30)
    assert 200 <= min(delays) < 300
    assert 1900 < max(delays) <= 2000
    assert not any(trouble.timeout and trouble.status_code for trouble in drawn)


def test_the_rates_of_faults_hold_among_all_deliveries() -> None:
    chaos = parse_chaos("unicode=40%,delayed=10%,duplicate=20%,stale-timestamp=5%,5xx=50%")
    events = [chaos.of_event("7", f"evt_{id}") for id in IDS]
    faults = [event or chaos.of_delivery("7", id) for event, id in zip(events, IDS, strict=True)]
    found = Counter(faults)
    rates = {"unicode": 0.4, "delayed": 0.1, "duplicate": 0.2, "stale-timestamp": 0.05, None: 0.25}
    assert found.keys() == rates.keys()
    assert {name: near(found[name], rate) for name, rate in rates.items()} == dict.fromkeys(
        rates, True
    )


def test_what_always_happens_always_happens() -> None:
    chaos = parse_chaos("5xx=100%,delay=1s..1s,unicode=50%,duplicate=50%")
    assert {chaos.of_attempt("7", id, 1).status_code for id in IDS} == {502, 503}
    assert {chaos.of_attempt("7", id, 1).delay_ms for id in IDS} == {1000}
    assert {chaos.of_event("7", id) or chaos.of_delivery("7", id) for id in IDS} == {
        "unicode",
        "duplicate",
    }


def test_what_never_happens_never_does() -> None:
    chaos = parse_chaos("5xx=0%,delay=1s..2s@0%,unicode=0%,duplicate=0%")
    assert {chaos.of_attempt("7", id, 1) for id in IDS} == {ChaosEffect()}
    assert {chaos.of_event("7", id) or chaos.of_delivery("7", id) for id in IDS} == {None}


def test_a_seed_draws_the_same_in_any_order_and_another_one_differently() -> None:
    chaos = parse_chaos("5xx=50%,duplicate=50%")
    shuffled = Random(1).sample(IDS, DRAWS)
    drawn = {id: (chaos.of_attempt("7", id, 1), chaos.of_delivery("7", id)) for id in IDS}
    again = {id: (chaos.of_attempt("7", id, 1), chaos.of_delivery("7", id)) for id in shuffled}
    assert drawn == again
    assert drawn != {id: (chaos.of_attempt("8", id, 1), chaos.of_delivery("8", id)) for id in IDS}


def test_each_attempt_at_a_delivery_has_luck_of_its_own() -> None:
    chaos = parse_chaos("timeout=50%")
    assert {chaos.of_attempt("7", "msg_1", number).timeout for number in range(20)} == {True, False}
