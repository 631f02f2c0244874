from tests.load.samples import report

from pivotal_sandbox.load.charts import HEIGHT, WIDTH, bars, lines
from pivotal_sandbox.load.stats import LoadStats


def test_each_slice_is_a_point_within_the_drawing() -> None:
    drawn = lines(report(*[("204", 3.0)] * 30, ("500", 900.0)).tally)
    for points in (drawn.p50, drawn.p99):
        places = [tuple(map(float, point.split(","))) for point in points.split()]
        assert len(places) == 4
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert len(drawn.troubled) == 1
    assert [mark.value for mark in drawn.heights] == [1, 10, 100, 1000]
    assert drawn.times[0].value == 0


def test_slower_is_higher() -> None:
    points = lines(report(*[("204", 1.5)] * 10, *[("204", 90.0)] * 10).tally).p50.split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights[1] < heights[0]


def test_the_highest_bar_is_the_latency_that_most_had() -> None:
    drawn = bars(report(*[("204", 5.0)] * 40, *[("204", 50.0)] * 4).tally)
    highest = max(drawn, key=lambda bar: bar.height)
    assert highest.height == HEIGHT
    assert highest.from_ms < 5 < highest.to_ms
    assert sum(bar.count for bar in drawn) == 44
    assert all(0 <= bar.x <= WIDTH for bar in drawn)


def test_of_nothing_there_is_nothing_to_draw() -> None:
    empty = lines(LoadStats(100))
    assert (empty.p50, empty.troubled, bars(LoadStats(100))) == ("", (), ())
