"""The description is valid, and it and the routes are one."""

import json
import re

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.web.api.operations import OPERATIONS
from pivotal_sandbox.web.openapi import document
from pivotal_sandbox.web.operation import Operation
from pivotal_sandbox.web.server import Settings, serve

TOKEN = "a-token"
DOCUMENT = document(OPERATIONS, load_catalog())


def test_it_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    errors = list(OpenAPIV31SpecValidator(json.loads(json.dumps(DOCUMENT))).iter_errors())
    assert errors == []


def test_it_describes_every_route_and_no_other() -> None:
    described = {
        (method.upper(), path) for path, calls in DOCUMENT["paths"].items() for method in calls
    }
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}


def test_it_has_a_webhook_for_every_event_type_with_its_example() -> None:
    assert list(DOCUMENT["webhooks"]) == [event_type.name for event_type in load_catalog()]
    for name, webhook in DOCUMENT["webhooks"].items():
        content = webhook["post"]["requestBody"]["content"]["application/json"]
        assert content["example"]["type"] == name
        assert content["schema"]["properties"]["type"] == {"const": name}


def test_a_query_parameter_is_never_null() -> None:
    for calls in DOCUMENT["paths"].values():
        for call in calls.values():
            for parameter in call["parameters"]:
                assert "null" not in json.dumps(parameter["schema"]), parameter


async def test_it_says_how_to_show_a_token_and_what_those_get_who_are_refused() -> None:
    settings = Settings(port=0, speed=0, token=TOKEN)
    async with serve(settings) as running, httpx.AsyncClient(base_url=running.url) as client:

        async def status(call: Operation, path: str, **headers: str) -> int:
            async with client.stream(call.method, path, headers=headers) as answer:
                return answer.status_code  # one of them never ends

        for operation in OPERATIONS:
            described = DOCUMENT["paths"][operation.path][operation.method.lower()]
            schemes = {name for way in described["security"] for name in way}
            path = re.sub(r"\{\w+\}", "none.such", operation.path)
            right, wrong = (f"Bearer {token}" for token in (TOKEN, "guess"))
            foreign = "http://evil.example"
            assert await status(operation, path, authorization=right) not in (401, 403), operation
            assert (await status(operation, path) == 401) == ("401" in described["responses"]), (
                operation
            )
            assert (await status(operation, path, authorization=wrong) == 401) == (
                "token" in schemes
            )
            if "token" in schemes:
                by_link = await status(operation, f"{path}?token={TOKEN}")
                assert (by_link != 401) == ("link" in schemes), operation
            refused = await status(operation, path, authorization=right, origin=foreign) == 403
            assert refused == ("403" in described["responses"]), operation


def test_webhooks_are_sent_without_the_token() -> None:
    assert "security" not in DOCUMENT
    assert not any("security" in webhook["post"] for webhook in DOCUMENT["webhooks"].values())


async def test_it_is_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/openapi.json")).json() == json.loads(json.dumps(DOCUMENT))
