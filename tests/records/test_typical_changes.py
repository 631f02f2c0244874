"""What usually changes together with an event."""

import random

import pytest

from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.domain.catalog import PING, Catalog
from pivotal_sandbox.records.factory import RecordFactory
from pivotal_sandbox.records.sample_data import SampleData
from pivotal_sandbox.records.typical_changes import typical_change

NOW = 1_780_000_000_000


def test_what_turns_fits_the_schema_and_is_something_else(
    catalog: Catalog, names: SampleData
) -> None:
    turned = set()
    for event_type in catalog:
        if event_type.name == PING:
            continue
        record, schema = event_type.example["data"], Schema(event_type.schema)
        for seed in range(30):
            fields = typical_change(
                event_type.name,
                RecordFactory(names, RandomSource(random.Random(seed))),
                record,
                NOW,
            )
            schema.check({**record, **fields})
            if fields:
                turned.add(event_type.name)
            if event_type.name.endswith(".updated"):
                assert all(record[field] != value for field, value in fields.items())
    none = {event_type.name for event_type in catalog} - turned
    assert none == {
        *("customer.created", "customer.deleted", "contact.created", "contact.deleted"),
        *("onboarding.created", "task.created", "task.completed", PING),
    }


def test_a_type_that_pivotal_does_not_know_turns_nothing(maker: RecordFactory) -> None:
    assert typical_change("customer.merged", maker, {}, NOW) == {}


def test_a_delay_is_counted_from_the_day_that_was_agreed(maker: RecordFactory) -> None:
    fields = typical_change("onboarding.delayed", maker, {"target_date": "2026-06-30"}, NOW)
    assert "2026-07-07" <= fields["forecast_date"] <= "2026-07-30"


@pytest.mark.parametrize("spoilt", [None, 5, "soon", "9999-12-31"])
def test_a_delay_of_a_day_that_is_none_has_no_forecast(
    maker: RecordFactory, spoilt: object
) -> None:
    fields = typical_change("onboarding.delayed", maker, {"target_date": spoilt}, NOW)
    assert fields["forecast_date"] is None
    assert fields["delay_reason"]


def test_spoilt_phases_do_not_turn(maker: RecordFactory) -> None:
    assert typical_change("phase.changed", maker, {"phases": "spoilt"}, NOW) == {}


def test_what_is_overdue_was_due_before_today(maker: RecordFactory) -> None:
    assert typical_change("task.overdue", maker, {}, NOW)["due_date"] < "2026-05-28"
