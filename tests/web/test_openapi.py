"""The description is valid, and it and the routes are one."""

import json

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator

from pivotal_sandbox.data import load_catalog
from pivotal_sandbox.web.api import OPERATIONS
from pivotal_sandbox.web.openapi import document

DOCUMENT = document(OPERATIONS, load_catalog())


def test_it_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    errors = list(OpenAPIV31SpecValidator(json.loads(json.dumps(DOCUMENT))).iter_errors())
    assert errors == []


def test_it_describes_every_route_and_no_other() -> None:
    described = {
        (method.upper(), path) for path, calls in DOCUMENT["paths"].items() for method in calls
    }
    assert described == {(one.method, one.path) for one in OPERATIONS}


def test_it_has_a_webhook_for_every_event_type_with_its_example() -> None:
    assert list(DOCUMENT["webhooks"]) == [one.name for one in load_catalog()]
    for name, webhook in DOCUMENT["webhooks"].items():
        content = webhook["post"]["requestBody"]["content"]["application/json"]
        assert content["example"]["type"] == name
        assert content["schema"]["properties"]["type"] == {"const": name}


def test_a_query_parameter_is_never_null() -> None:
    for calls in DOCUMENT["paths"].values():
        for call in calls.values():
            for parameter in call["parameters"]:
                assert "null" not in json.dumps(parameter["schema"]), parameter


async def test_it_is_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/openapi.json")).json() == json.loads(json.dumps(DOCUMENT))
