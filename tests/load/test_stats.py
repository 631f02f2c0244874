import pytest

from pivotal_sandbox.load.stats import LoadStats, consequence_of


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ("204", "delivered"),
        ("500", "retried"),
        ("timeout", "retried"),
        ("connection_reset", "retried"),
        ("302", "lost"),
        ("401", "lost"),
        ("429", "lost"),
    ],
)
def test_the_fate_of_an_answer_is_what_pivotal_makes_of_it(answer: str, fate: str) -> None:
    assert consequence_of(answer) == fate


def test_latencies_are_kept_by_the_slice_in_which_the_request_was_due() -> None:
    tally = LoadStats(slice_ms=100)
    tally.add("200", 5, 0)
    tally.add("500", 7, 199)
    assert {index: len(slice) for index, slice in tally.slices.items()} == {0: 1, 1: 1}
    assert tally.troubled == {1: 1}
    assert tally.latencies().most_ms == 7


def test_what_two_counted_adds_up() -> None:
    first, other = LoadStats(100), LoadStats(100)
    first.add("200", 1, 0)
    other.add("200", 3, 0)
    other.add("timeout", 10_000, 250)
    other.unsent = 4
    first.merge(other)
    assert len(first) == 3
    assert first.answers == {"200": 2, "timeout": 1}
    assert first.fates() == {"delivered": 2, "retried": 1, "lost": 0}
    assert (first.unsent, len(first.slices[0]), first.troubled) == (4, 2, {2: 1})
