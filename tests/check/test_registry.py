"""The table of checks."""

import pytest

from pivotal_sandbox.check.registry import CASES, CONTROL, GROUPS, select_checks
from pivotal_sandbox.errors import InputError

# The battery as it was designed; what is beside these is good to know, or needs an option.
_DESIGNED = """
    ping-accepted valid-accepted unknown-type-acked unknown-fields-acked no-redirect ack-latency
    signed-bad-shape sig-missing sig-empty sig-truncated sig-malformed sig-wrong-secret
    sig-weak-key body-tampered t-tampered mac-without-timestamp replay-stale future-timestamp
    clock-skew-tolerated dup-t-confusion version-downgrade wrong-algorithm ping-bypass
    event-header-spoof dup-signature-header reject-status body-numbers body-escapes body-unicode
    body-whitespace body-keys body-64k body-hostile retry-identical replay-new-delivery-id
    distinct-events-same-delivery-id same-data-new-id concurrent-duplicates
    forged-does-not-burn-id aborted-then-retry fail-then-retry out-of-order header-case
    content-type-charset slow-body burst leak-secret leak-stacktrace still-alive
"""
DESIGNED = _DESIGNED.split()


def test_each_check_is_registered_once() -> None:
    ids = [case.id for case in CASES]
    assert len(DESIGNED) == 49
    assert set(DESIGNED) <= set(ids)
    assert len(ids) == len(set(ids))
    beside = [case for case in CASES if case.id not in DESIGNED]
    assert all(
        case.severity == "info" or case.needs or case.id == "sig-casefolded" for case in beside
    )


def test_checks_are_ordered_by_group() -> None:
    groups = [case.group for case in CASES]
    assert sorted(groups, key=GROUPS.index) == groups
    assert set(groups) == set(GROUPS)


def test_control_is_always_selected() -> None:
    assert [case.id for case in select_checks(("sig-missing",))] == [CONTROL, "sig-missing"]
    assert [case.id for case in select_checks((), GROUPS)] == [CONTROL]
    assert len(select_checks()) == len(CASES)


def test_unknown_check_suggests_the_nearest_name() -> None:
    with pytest.raises(InputError, match='Did you mean "body-64k"'):
        select_checks(("body-64kb",))
    with pytest.raises(InputError, match="There is no check"):
        select_checks((), ("nonsense",))
