"""The registry of faults: all that there are, and what is said of one that is not."""

import pytest

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.registry import FAULTS, find_fault, get_fault

PROMISED = {
    "signature": """no-signature empty-signature wrong-secret tampered-body reserialized-body
        stale-timestamp future-timestamp unknown-version unpadded-signature hex-signature
        duplicate-signature-header rotated-secret""",
    "traffic": "duplicate concurrent-duplicate out-of-order delayed burst",
    "content": """unknown-event-type extra-fields null-optionals unicode big-integers large-body
        empty-body invalid-json wrong-content-type""",
    "transport": "slow-body chunked-body reset-mid-body truncated-body abort-before-response",
}


def test_every_promised_fault_is_there_in_its_group_and_no_other() -> None:
    assert [(fault.name, fault.group) for fault in FAULTS] == [
        (name, group) for group, names in PROMISED.items() for name in names.split()
    ]


def test_each_says_in_one_line_what_is_on_the_wire_and_what_is_right() -> None:
    for fault in FAULTS:
        assert fault.help.endswith(".")
        assert fault.answer
        assert "\n" not in fault.help + fault.answer
        assert len(fault.help) <= 90


def test_a_fault_is_found_by_its_name() -> None:
    assert get_fault("burst").group == "traffic"
    assert get_fault("rotated-secret").valid
    assert not get_fault("truncated-body").every
    assert find_fault("verbatim") is None
    assert find_fault(None) is None


def test_an_unknown_fault_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r'"no-signatur"\. Did you mean "no-signature') as caught:
        get_fault("no-signatur")
    assert caught.value.pointer == "/fault"


def test_a_name_near_to_none_is_refused_with_all_of_them() -> None:
    with pytest.raises(InputError, match=r"There are: no-signature, .*abort-before-response"):
        get_fault("xyz")
