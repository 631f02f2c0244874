"""What realistic records are made of."""

import msgspec
import pytest

from pivotal_sandbox.package_data import FIXTURES
from pivotal_sandbox.records.sample_data import SampleData, load_sample_data


def test_the_lists_are_read_with_their_types() -> None:
    names = msgspec.json.decode((FIXTURES / "world.json").read_bytes(), type=SampleData)
    assert names.places["JP"].currency == "JPY"
    assert names.people[0].place in names.places
    assert names.phases[0].days == 7
    assert {type(field) for field in names.custom_fields["customer"]["nps"]} == {
        int,
        float,
        type(None),
    }


def test_a_list_that_is_missing_is_noticed() -> None:
    with pytest.raises(msgspec.ValidationError, match="places"):
        msgspec.json.decode(b"{}", type=SampleData)


def test_the_names_are_read_once() -> None:
    assert load_sample_data() is load_sample_data()
    assert load_sample_data().places["DE"].currency == "EUR"
