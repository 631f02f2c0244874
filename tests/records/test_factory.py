"""New records."""

import random

import pytest

from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.common.timestamps import format_date, format_rfc3339
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.factory import PREFIXES, RecordFactory
from pivotal_sandbox.records.sample_data import SampleData

NOW = 1_780_000_000_000
IDS = {object: f"{prefix}{'0' * 26}" for object, prefix in PREFIXES.items()}


def make(maker: RecordFactory, object: str, at: int) -> Record:
    match object:
        case "customer":
            return maker.customer(IDS["customer"], at, NOW)
        case "contact":
            return maker.contact(IDS["contact"], at, NOW, IDS["customer"], "nandu.example.org")
        case "onboarding":
            status = "not_started" if at == NOW else "in_progress"
            return maker.onboarding(IDS["onboarding"], at, NOW, IDS["customer"], None, status)
        case _:
            return maker.task(IDS["task"], at, NOW, IDS["onboarding"], IDS["customer"])


@pytest.mark.parametrize("object", PREFIXES)
def test_a_record_is_as_its_schema_has_it_whatever_is_drawn(
    names: SampleData, catalog: Catalog, object: str
) -> None:
    schema = Schema(catalog.get(f"{object}.created").schema)
    nulls: set[str] = set()
    for seed in range(60):
        maker = RecordFactory(names, RandomSource(random.Random(seed)))
        for at in (NOW, NOW - 30 * DAY):
            record = make(maker, object, at)
            schema.check(record)
            assert list(record) == list(schema.schema["properties"])
            assert record["created_at"] == format_rfc3339(at)
            nulls |= {field for field, value in record.items() if value is None}
    fields = schema.schema["properties"]
    allowed = {field for field in fields if "null" in fields[field]["type"]}
    assert nulls <= allowed
    assert len(nulls) >= len(allowed) / 2


def test_a_customer_at_risk_has_a_reason_and_a_day(maker: RecordFactory) -> None:
    customer = maker.customer("cus_1", NOW - 30 * DAY, NOW, "at_risk")
    assert (customer["health"], customer["lifecycle"]) == ("at_risk", "active")
    assert customer["health_score"] <= 45
    assert customer["health_reason"]
    assert customer["created_at"] < customer["at_risk_since"] == customer["updated_at"]


def test_a_contact_is_reached_at_the_customers_domain(maker: RecordFactory) -> None:
    assert make(maker, "contact", NOW)["email"].endswith("@nandu.example.org")


@pytest.mark.parametrize("domain", [None, 5, "x" * 500])
def test_a_contact_is_reached_even_where_the_customer_has_no_good_domain(
    maker: RecordFactory, domain: object
) -> None:
    contact = maker.contact("con_1", NOW, NOW, "cus_1", domain)
    assert contact["email"].endswith("@example.com")


def test_an_onboarding_that_has_not_started_has_only_dates_ahead(maker: RecordFactory) -> None:
    onboarding = make(maker, "onboarding", NOW)
    assert {phase["status"] for phase in onboarding["phases"]} == {"pending"}
    assert onboarding["progress"] == 0
    assert onboarding["current_phase"] is onboarding["started_at"] is None
    assert format_date(NOW) <= onboarding["start_date"] < onboarding["target_date"]


def test_an_onboarding_is_as_far_as_its_days_led(maker: RecordFactory) -> None:
    onboarding = make(maker, "onboarding", NOW - 30 * DAY)
    statuses = [phase["status"] for phase in onboarding["phases"]]
    assert statuses == ["completed", "completed", "in_progress", "pending", "pending"]
    assert onboarding["current_phase"] == "data_import"
    assert onboarding["previous_phase"] == "setup"
    assert onboarding["progress"] == 40
    moments = [onboarding["started_at"]]
    for phase in onboarding["phases"][:3]:
        assert phase["started_at"] == moments[-1]
        moments.append(phase["completed_at"])
    assert moments[:3] == sorted(moments[:3])
    assert onboarding["updated_at"] == moments[2] <= format_rfc3339(NOW)


def test_a_phase_that_would_end_later_today_ends_now(names: SampleData) -> None:
    for seed in range(20):
        maker = RecordFactory(names, RandomSource(random.Random(seed)))
        onboarding = make(maker, "onboarding", NOW - 7 * DAY)
        assert onboarding["phases"][0]["completed_at"] == format_rfc3339(NOW)
