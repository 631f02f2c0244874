import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for

from pivotal_sandbox.common.json_references import resolve_reference
from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.web.asyncapi import document

# The official JSON schema of AsyncAPI; `make test` installs what package.json names.
OFFICIAL = Path(__file__).parent / "asyncapi/node_modules/@asyncapi/specs/schemas"
CATALOG = load_catalog()
DESCRIPTION = document(CATALOG)


@pytest.mark.needs("npm")
def test_it_is_valid_by_the_official_schema() -> None:
    if not OFFICIAL.exists() and os.environ.get("CI") != "true":
        pytest.skip("npm did not install @asyncapi/specs")
    schema = json.loads((OFFICIAL / "3.0.0-without-$id.json").read_text("utf-8"))
    validator = validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(DESCRIPTION)] == []
    assert list(validator.iter_errors({**DESCRIPTION, "channels": []})) != []


def test_every_event_type_is_a_message_of_the_one_operation() -> None:
    operation = DESCRIPTION["operations"]["deliver"]
    assert operation["action"] == "send"
    names = [event_type.name for event_type in CATALOG]
    told = [resolve_reference(DESCRIPTION, message["$ref"]) for message in operation["messages"]]
    assert [resolve_reference(DESCRIPTION, message["$ref"])["name"] for message in told] == names
    assert list(resolve_reference(DESCRIPTION, operation["channel"]["$ref"])["messages"]) == names


@pytest.mark.parametrize("name", [event_type.name for event_type in CATALOG])
def test_the_example_of_a_message_is_as_its_payload_has_it(name: str) -> None:
    message: dict[str, Any] = DESCRIPTION["components"]["messages"][name]
    [example] = message["examples"]
    Schema(message["payload"]).check(example["payload"])
    assert message["headers"]["required"] == [
        "pivotal-event",
        "pivotal-delivery-id",
        "pivotal-signature",
    ]


def test_no_schema_within_claims_to_be_a_document() -> None:
    assert '"$schema"' not in json.dumps(DESCRIPTION)
