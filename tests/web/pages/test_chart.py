"""The bars over the list."""

from pivotal_sandbox.common.durations import HOUR, MINUTE
from pivotal_sandbox.domain.models import Status
from pivotal_sandbox.web.pages.charts import BARS, HEIGHT, chart_of

NOW = 1_767_225_600_000


def delivery(minute: int, status: Status = "delivered") -> tuple[int, Status]:
    return NOW + minute * MINUTE, status


def test_each_delivery_is_in_the_bar_of_its_time() -> None:
    chart = chart_of([delivery(0), delivery(0), delivery(59)], NOW, NOW + HOUR)
    assert len(chart.bars) == BARS
    assert [bar.total for bar in chart.bars if bar.total] == [2, 1]
    assert (chart.bars[0].since, chart.bars[0].until) == (NOW, NOW + 90_000)
    assert (chart.most, chart.total) == (2, 3)


def test_what_lies_outside_is_not_drawn() -> None:
    assert chart_of([delivery(-1), delivery(61)], NOW, NOW + HOUR).total == 0


def test_states_stand_on_each_other_and_fill_the_tallest_bar() -> None:
    chart = chart_of([delivery(5), delivery(5, "failed"), delivery(5, "pending")], NOW, NOW + HOUR)
    parts = chart.bars[3].parts
    assert [part.tone for part in parts] == ["good", "bad", "idle"]
    assert parts[0].y + parts[0].height == HEIGHT
    assert parts[-1].y == 0


def test_one_failure_among_many_is_seen() -> None:
    chart = chart_of([delivery(5)] * 1000 + [delivery(5, "failed")], NOW, NOW + HOUR)
    assert chart.bars[3].parts[1].height == 2
