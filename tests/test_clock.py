"""The sandbox's time: as the wall clock's, faster, or standing still; never backwards."""

import asyncio
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.clock import MANUAL_START, Clock, sleep, wall_time
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.errors import InputError

START = 1_767_225_600.0


class Wall:
    """A wall clock that is set by hand, and may tick whenever it is read."""

    def __init__(self, tick: float = 0.0) -> None:
        self.time = START
        self._tick = tick

    def __call__(self) -> float:
        self.time += self._tick
        return self.time


def test_the_system_clock_shows_the_time_of_the_machine() -> None:
    before = wall_time()
    now = Clock().now()
    assert int(before * 1000) <= now <= wall_time() * 1000


def test_the_system_clock_goes_on_with_the_wall_clock() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    assert (clock.mode, clock.speed, clock.now()) == ("system", 1, 1_767_225_600_000)
    wall.time += 1.5
    assert clock.now() == 1_767_225_601_500


def test_a_clock_may_start_at_any_moment() -> None:
    wall = Wall()
    clock = Clock(start=5000, wall=wall)
    wall.time += 1
    assert clock.now() == 6000


def test_a_fast_clock_passes_that_many_seconds_in_one() -> None:
    wall = Wall()
    clock = Clock(speed=3600, start=0, wall=wall)
    wall.time += 2
    assert (clock.mode, clock.speed, clock.now()) == ("system", 3600, 7_200_000)


def test_a_manual_clock_stands_still() -> None:
    wall = Wall(tick=10)
    clock = Clock(speed=0, start=5000, wall=wall)
    assert (clock.mode, clock.speed) == ("manual", 0)
    assert [clock.now(), clock.now()] == [5000, 5000]


def test_every_manual_clock_starts_at_the_same_moment() -> None:
    assert format_rfc3339(Clock.manual().now()) == "2026-01-01T00:00:00.000Z"
    assert Clock.manual().now() == MANUAL_START
    assert Clock.manual(7).now() == 7
    assert Clock.manual().mode == "manual"


def test_no_time_passes_while_a_clock_is_made() -> None:
    assert Clock(speed=0, start=5000, wall=Wall(tick=60)).now() == 5000


@pytest.mark.parametrize("speed", [0, 1, 10])
def test_an_advance_moves_a_clock_forward_and_it_goes_on_from_there(speed: float) -> None:
    wall = Wall()
    clock = Clock(speed=speed, start=1000, wall=wall)
    wall.time += 1
    clock.advance_to(50_000)
    assert clock.now() == 50_000
    wall.time += 1
    assert clock.now() == 50_000 + 1000 * speed


@pytest.mark.parametrize("moment", [0, 999, 1000])
def test_an_advance_to_what_is_past_does_nothing(moment: int) -> None:
    clock = Clock(start=1000, wall=Wall())
    clock.advance_to(moment)
    assert clock.now() == 1000


@pytest.mark.parametrize("speed", [1, 60])
def test_where_the_wall_clock_is_set_back_time_goes_on(speed: float) -> None:
    wall = Wall()
    clock = Clock(speed=speed, start=0, wall=wall)
    wall.time += 10
    assert clock.now() == 10_000 * speed
    wall.time -= 3600
    assert clock.now() == 10_000 * speed
    wall.time += 1
    assert clock.now() == 11_000 * speed


def test_where_the_wall_clock_jumps_ahead_time_does_too() -> None:
    wall = Wall()
    clock = Clock(start=0, wall=wall)
    wall.time += 8 * 3600  # a laptop that slept
    assert clock.now() == 8 * 3_600_000


def test_a_change_of_speed_loses_no_time() -> None:
    wall = Wall()
    clock = Clock(start=0, wall=wall)
    wall.time += 5
    clock.set_speed(100)
    assert clock.now() == 5000
    wall.time += 1
    assert clock.now() == 105_000
    clock.set_speed(0)
    wall.time += 1
    assert (clock.now(), clock.mode) == (105_000, "manual")
    clock.set_speed(1)
    wall.time += 1
    assert (clock.now(), clock.mode) == (106_000, "system")


@pytest.mark.parametrize("speed", [0, 0.5, 1, 1_000_000])
def test_a_speed_is_from_0_to_a_million(speed: float) -> None:
    assert Clock(speed=speed, wall=Wall()).speed == speed


@pytest.mark.parametrize("speed", [-1, -0.001, 1_000_001, inf, -inf, nan, 10**400])
def test_another_speed_is_refused_and_changes_nothing(speed: float) -> None:
    clock = Clock(speed=2, wall=Wall())
    with pytest.raises(InputError, match=r"from 0 \(manual\) to 1000000") as caught:
        clock.set_speed(speed)
    assert caught.value.pointer == "/speed"
    assert clock.speed == 2


@pytest.mark.parametrize(("speed", "seconds"), [(1, 90), (60, 1.5), (0.5, 180), (0, None)])
def test_the_real_wait_for_a_moment_depends_on_the_speed(
    speed: float, seconds: float | None
) -> None:
    clock = Clock(speed=speed, start=0, wall=Wall())
    assert clock.seconds_until(90_000) == seconds


@pytest.mark.parametrize("speed", [0, 1])
@pytest.mark.parametrize("moment", [0, 1000])
def test_for_what_is_due_there_is_no_wait(speed: float, moment: int) -> None:
    assert Clock(speed=speed, start=1000, wall=Wall()).seconds_until(moment) == 0


def test_the_wall_clock_can_be_read_beside_the_sandboxs() -> None:
    wall = Wall()
    clock = Clock(speed=0, start=5000, wall=wall)
    wall.time += 1.25
    assert clock.wall() == START + 1.25


MOVES = st.one_of(
    st.tuples(st.just("wall"), st.floats(-10_000, 10_000)),
    st.tuples(st.just("speed"), st.floats(0, 1_000_000)),
    st.tuples(st.just("advance"), st.floats(-10_000_000, 10_000_000)),
)


@given(st.lists(MOVES, max_size=20), st.sampled_from([0, 1, 60]))
def test_time_never_goes_back(moves: list[tuple[str, float]], speed: float) -> None:
    wall = Wall()
    clock = Clock(speed=speed, wall=wall)
    seen = clock.now()
    for move, amount in moves:
        if move == "wall":
            wall.time += amount
        elif move == "speed":
            clock.set_speed(amount)
        else:
            clock.advance_to(seen + int(amount))
            assert clock.now() >= seen + int(amount)
        assert clock.now() >= seen
        seen = clock.now()


async def test_a_sleep_takes_its_time() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await sleep(30)
    assert 0.029 < loop.time() - began < 5
