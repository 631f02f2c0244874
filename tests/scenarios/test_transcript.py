"""What is told of a story."""

from pivotal_sandbox.scenarios.transcript import Summary


def test_a_story_is_fine_unless_something_fails() -> None:
    assert Summary(0, 0, 0, 3, 1, 1, 1, 0).ok
    assert not Summary(0, 5, 1, 0, 1, 1, 1, 0).ok
