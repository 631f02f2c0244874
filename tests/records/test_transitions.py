"""Flips."""

from typing import Any

import pytest

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.records.transitions import FLIPS, OPEN, STATE, eligible_states, fired, settle

NOW = 1_780_000_000_000
PHASES = [{"key": "a", "status": "in_progress"}, {"key": "b", "status": "pending"}]


def test_the_flips_are_between_states_that_the_schemas_have(catalog: Catalog) -> None:
    for type, flip in FLIPS.items():
        states = catalog.get(type).schema["properties"][STATE[flip.object]]["enum"]
        assert {*flip.before, flip.after} <= {*states}
        assert flip.after not in flip.before
        assert eligible_states(type, flip.object) == flip.before
    for object, open_states in OPEN.items():
        if object in STATE:
            states = catalog.get(f"{object}.updated").schema["properties"][STATE[object]]["enum"]
            assert {*open_states} < {*states}


@pytest.mark.parametrize(
    ("type", "object", "states"),
    [
        ("customer.updated", "customer", ("healthy", "at_risk")),
        ("customer.deleted", "customer", ("healthy", "at_risk", "churned")),
        ("contact.updated", "contact", ("",)),
        ("phase.changed", "onboarding", ("in_progress", "delayed")),
        ("task.merged", "task", ("open", "in_progress", "overdue")),
    ],
)
def test_other_events_happen_to_what_goes_on(
    type: str, object: str, states: tuple[str, ...]
) -> None:
    assert eligible_states(type, object) == states


@pytest.mark.parametrize(
    ("before", "after", "types"),
    [
        ({"status": "in_progress"}, {"status": "in_progress"}, []),
        (
            {"status": "not_started", "current_phase": None},
            {"status": "in_progress", "current_phase": "a"},
            ["onboarding.started", "phase.changed"],
        ),
        ({"phases": PHASES}, {"phases": [PHASES[0], {**PHASES[1], "name": "B"}]}, []),
        ({"phases": PHASES}, {"phases": PHASES[:1]}, ["phase.changed"]),
        ({"phases": PHASES}, {"phases": "spoilt"}, ["phase.changed"]),
        ({"phases": "spoilt"}, {"phases": "spoilt"}, []),
        ({"status": ["spoilt"]}, {"status": {"spoilt": 1}}, []),
        ({"status": ["spoilt"]}, {"status": "in_progress"}, []),
        ({"status": ["spoilt"]}, {"status": "delayed"}, ["onboarding.delayed"]),
    ],
)
def test_what_is_fired_depends_on_what_was(
    before: dict[str, Any], after: dict[str, Any], types: list[str]
) -> None:
    assert fired("onboarding", before, after) == types


def test_what_has_no_state_fires_nothing_more() -> None:
    assert fired("contact", {"health": "healthy"}, {"health": "at_risk"}) == []


def settled(
    object: str, before: dict[str, Any], changes: dict[str, Any], *given: str
) -> dict[str, Any]:
    after = {**before, **changes}
    settle(object, before, after, {*changes, *given}, NOW)
    return {field: value for field, value in after.items() if before.get(field) != value}


@pytest.mark.parametrize(
    ("old", "new", "follows"),
    [
        ("healthy", "at_risk", {"at_risk_since": format_rfc3339(NOW)}),
        ("at_risk", "churned", {"churned_at": format_rfc3339(NOW), "lifecycle": "churned"}),
        ("churned", "healthy", {"lifecycle": "active"}),
        ("healthy", "healthy", {}),
    ],
)
def test_what_follows_from_health(old: str, new: str, follows: dict[str, Any]) -> None:
    changed = settled("customer", {"health": old}, {"health": new})
    changed.pop("health", None)
    assert {field: value for field, value in changed.items() if value is not None} == follows


def test_an_onboarding_keeps_the_moment_at_which_it_started() -> None:
    first = settled("onboarding", {"status": "not_started"}, {"status": "in_progress"})
    assert first["started_at"] == format_rfc3339(NOW)
    before = {"status": "delayed", "started_at": "then"}
    assert "started_at" not in settled("onboarding", before, {"status": "in_progress"})
    assert settled("task", {"status": "open"}, {"status": "in_progress"}) == {
        "status": "in_progress"
    }


def test_what_is_given_stays() -> None:
    changes = {"health": "churned", "lifecycle": "renewal", "churned_at": None}
    assert settled("customer", {"health": "healthy", "lifecycle": "renewal"}, changes) == {
        "health": "churned"
    }


def onboarding(**more: Any) -> dict[str, Any]:
    return {"phases": PHASES, "current_phase": "a", "progress": 0, **more}


def test_phases_follow_the_current_one() -> None:
    changed = settled("onboarding", onboarding(), {"current_phase": "b"})
    assert changed["previous_phase"] == "a"
    assert changed["progress"] == 50
    assert [phase["status"] for phase in changed["phases"]] == ["completed", "in_progress"]


def test_the_current_phase_follows_the_phases() -> None:
    given = [{"key": "a", "status": "completed"}, {"key": "b", "status": "in_progress"}]
    changed = settled("onboarding", onboarding(), {"phases": given})
    assert changed == {
        "phases": given,
        "current_phase": "b",
        "previous_phase": "a",
        "progress": 50,
    }


def test_phases_and_current_phase_that_are_both_given_stay() -> None:
    given = [{"key": "a", "status": "completed"}, {"key": "b", "status": "pending"}]
    changes = {"phases": given, "current_phase": None, "progress": 7, "previous_phase": "b"}
    assert settled("onboarding", onboarding(), changes) == changes | {"current_phase": None}


def test_only_the_phase_whose_status_changed_is_stamped() -> None:
    before = onboarding()
    after = {**before, "phases": [PHASES[0], {"key": "b", "status": "completed"}]}
    settle("onboarding", before, after, {"phases.1.status"}, NOW)
    assert after["phases"][0] is PHASES[0]
    assert after["phases"][1]["completed_at"] == format_rfc3339(NOW)


@pytest.mark.parametrize("spoilt", [None, [], "x", [{"key": "a"}]])
def test_spoilt_phases_are_left_as_they_are(spoilt: Any) -> None:
    changed = settled("onboarding", onboarding(phases=spoilt), {"current_phase": "b"})
    assert changed == {"current_phase": "b"}
    assert settled("onboarding", onboarding(), {"phases": spoilt}) == {"phases": spoilt}
