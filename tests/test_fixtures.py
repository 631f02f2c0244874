"""The fixtures: catalog, schemas and examples agree with each other and with what is promised."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry

from pivotal_sandbox.common.timestamps import format_rfc3339, parse_rfc3339
from pivotal_sandbox.package_data import FIXTURES
from pivotal_sandbox.records.sample_data import load_sample_data

# What the README promises; * marks what Pivotal's own page names.
PROMISED = [
    *("customer.created*", "customer.updated*", "customer.at_risk*", "customer.recovered"),
    *("customer.churned*", "customer.deleted"),
    *("contact.created", "contact.updated", "contact.deleted"),
    *("onboarding.created", "onboarding.updated*", "onboarding.started", "onboarding.delayed*"),
    *("onboarding.completed", "onboarding.cancelled", "phase.changed*"),
    *("task.created", "task.updated*", "task.completed*", "task.overdue"),
    "webhook.ping*",
]

ID = re.compile(r"(evt|cus|con|onb|tsk|ep)_[0-9A-Za-z]{26}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FREE_OF_OWNERS = re.compile(r"[^@]+@([a-z0-9-]+\.)*example\.(com|net|org)")


def read(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


ENTRIES: list[dict[str, Any]] = read("catalog.json")["event_types"]
NAMES = [entry["name"] for entry in ENTRIES]
SCHEMAS = {path.name: read(f"schemas/{path.name}") for path in (FIXTURES / "schemas").iterdir()}
EXAMPLES = {entry["name"]: read(entry["example"]) for entry in ENTRIES}

FORMATS = FormatChecker()
FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or exists(value))


def exists(moment: str) -> bool:
    return format_rfc3339(parse_rfc3339(moment)) == moment


def errors(schema: dict[str, Any], value: Any) -> list[str]:
    validator = Draft202012Validator(schema, format_checker=FORMATS, registry=Registry())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def parts(value: Any, key: str = "") -> list[tuple[str, Any]]:
    """Return every value within, each with the name of the field that it is in."""
    if isinstance(value, dict):
        return [found for name, part in value.items() for found in parts(part, name)]
    if isinstance(value, list):
        return [found for part in value for found in parts(part, key)]
    return [(key, value)]


def objects(schema: Any) -> list[dict[str, Any]]:
    """Return every object schema within."""
    found = []
    if isinstance(schema, dict):
        if "object" in schema.get("type", ()):
            found.append(schema)
        for part in schema.values():
            found += objects(part)
    return found


def test_the_catalog_lists_what_is_promised_in_that_order() -> None:
    documented = [f"{entry['name']}{'*' if entry['documented'] else ''}" for entry in ENTRIES]
    assert documented == PROMISED


def test_each_type_is_described_in_a_sentence() -> None:
    for entry in ENTRIES:
        assert re.fullmatch(r"[A-Z].{30,}\.", entry["description"]), entry["name"]
    assert len({entry["description"] for entry in ENTRIES}) == len(ENTRIES)


def test_each_file_is_of_a_type_and_each_type_has_its_files() -> None:
    named = {entry[key] for entry in ENTRIES for key in ("schema", "example")}
    there = {
        f"{folder}/{path.name}"
        for folder in ("schemas", "examples")
        for path in (FIXTURES / folder).iterdir()
    }
    assert named | {"schemas/envelope.json"} == there
    assert all(entry["example"] == f"examples/{entry['name']}.json" for entry in ENTRIES)


def test_the_objects_are_four_and_the_endpoint() -> None:
    home = {entry["name"]: entry["object"] for entry in ENTRIES}
    assert home.pop("phase.changed") == "onboarding"
    assert home.pop("webhook.ping") == "endpoint"
    assert all(name.split(".")[0] == object for name, object in home.items())


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_closed_and_described(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for node in objects(schema):
        fields = node.get("properties", {})
        for field, its in fields.items():
            assert its["description"].endswith("."), field
        if "properties" in node:
            assert node["additionalProperties"] is False
            assert node["required"] == list(fields)
            free = [
                f
                for f, its in fields.items()
                if its.get("additionalProperties") not in (None, False)
            ]
            assert set(free) <= {"custom_fields"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_examples_within_a_schema_are_as_it_has_them(name: str) -> None:
    for node in objects(SCHEMAS[name]):
        for its in node.get("properties", {}).values():
            for example in its.get("examples", ()):
                assert errors(its, example) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_an_example_is_as_its_schemas_have_it(entry: dict[str, Any]) -> None:
    example = EXAMPLES[entry["name"]]
    assert list(example) == ["id", "type", "created_at", "data"]
    assert example["type"] == entry["name"]
    assert errors(SCHEMAS["envelope.json"], example) == []
    assert errors(SCHEMAS[Path(entry["schema"]).name], example["data"]) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_each_field_of_an_example_is_held_to_its_schema(entry: dict[str, Any]) -> None:
    schema, data = SCHEMAS[Path(entry["schema"]).name], EXAMPLES[entry["name"]]["data"]
    for field in data:
        assert errors(schema, {key: value for key, value in data.items() if key != field})
        assert errors(schema, {**data, field: {"not": ["this"]}})
    assert errors(schema, {**data, "more": None})


def test_examples_are_full_and_of_different_people() -> None:
    for name, example in EXAMPLES.items():
        for field, value in parts(example):
            if isinstance(value, str):
                if field.endswith("_at") and field != "created_at":
                    assert MOMENT.fullmatch(value), (name, field)
                if field.endswith("id") and field != "external_id":
                    assert ID.fullmatch(value), (name, field)
    subjects = [
        example["data"].get("name") or example["data"].get("title")
        for name, example in EXAMPLES.items()
        if name.split(".")[0] in ("customer", "contact", "task")
    ]
    assert len(set(subjects)) == len(subjects)
    assert len({example["id"] for example in EXAMPLES.values()}) == len(EXAMPLES)
    texts = [json.dumps(example, ensure_ascii=False) for example in EXAMPLES.values()]
    assert sum(not text.isascii() for text in texts) > len(texts) / 2
    assert sum("null" in text for text in texts) > len(texts) / 2


def test_an_example_shows_what_its_type_says() -> None:
    states = {name: example["data"] for name, example in EXAMPLES.items()}
    assert states["customer.at_risk"]["health"] == "at_risk"
    assert states["customer.recovered"]["health"] == "healthy"
    assert states["customer.churned"]["health"] == "churned"
    assert states["onboarding.created"]["status"] == "not_started"
    assert states["onboarding.started"]["status"] == "in_progress"
    for name in ("onboarding.delayed", "onboarding.completed", "onboarding.cancelled"):
        assert states[name]["status"] == name.split(".")[1]
    assert states["phase.changed"]["current_phase"] != states["phase.changed"]["previous_phase"]
    assert states["task.completed"]["status"] == "completed"
    assert states["task.overdue"]["due_date"] < EXAMPLES["task.overdue"]["created_at"]


def test_nobody_real_can_be_written_to() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FIXTURES.glob("**/*.json")]
    addresses = re.findall(r'"([^"\s]+@[^"\s]+)"', "\n".join(texts))
    assert len(addresses) > 20
    assert [address for address in addresses if not FREE_OF_OWNERS.fullmatch(address)] == []


def test_the_names_are_of_many_places_and_fit_the_schemas() -> None:
    names = load_sample_data()
    assert {person.place for person in names.people} <= names.places.keys()
    assert {company.place for company in names.companies} <= names.places.keys()
    assert len({person.place for person in names.people}) >= 20
    assert sum(not person.name.isascii() for person in names.people) >= 20
    assert len({person.mailbox for person in names.people}) == len(names.people)
    assert len({company.slug for company in names.companies}) == len(names.companies)
    schema = SCHEMAS["onboarding.json"]["properties"]["phases"]["items"]["properties"]
    keys = [phase.key for phase in names.phases]
    assert schema["key"]["enum"] == keys
    assert {task.phase for task in names.tasks} == set(keys)
    assert {task.side for task in names.tasks} == {"customer", "vendor"}
