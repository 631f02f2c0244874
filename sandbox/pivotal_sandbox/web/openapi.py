"""The description: OpenAPI 3.1, made of the types that validate and answer."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from pivotal_sandbox import __version__
from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER, EVENT_HEADER, SIGNATURE_HEADER
from pivotal_sandbox.domain.catalog import Catalog, EventType
from pivotal_sandbox.web.operation import Operation
from pivotal_sandbox.web.problem_details import MEDIA, Problem
from pivotal_sandbox.web.security import HEALTH, STREAM

_PARAMETER = re.compile(r"\{(\w+)\}")
_REF = "#/components/schemas/{name}"
_ABOUT = """\
Pivotal's webhook sender and a capture receiver, on your own machine. Durations are texts such as
`30s` or `23h59m`, times are RFC 3339; lists are newest first, `next_cursor` leads to the next page.
Errors are problem details (RFC 9457) that name the field by its JSON pointer."""
ENVELOPE = {
    "id": {"type": "string", "description": "Unique to the event: deduplicate on it."},
    "type": {"type": "string"},
    "created_at": {"type": "string", "format": "date-time"},
}
HEADERS = {
    EVENT_HEADER: "The type of the event. It is not signed: trust the body's.",
    DELIVERY_ID_HEADER: "The same for each retry, another for a replay. It is not signed.",
    SIGNATURE_HEADER: "v1,t=<Unix seconds>,sig=<base64 of HMAC-SHA256 over t.body>",
}
_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "What `up` printed, or was given: beyond loopback there is always one.",
    },
    "link": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "The same, for an EventSource or a link in a browser.",
    },
}
_REFUSALS = {
    401: ("NoToken", "It was not done: the sandbox has a token, and the request does not show it"),
    403: ("ForeignPage", "It was not done: a web page from elsewhere changes nothing here"),
}


def document(operations: Iterable[Operation], catalog: Catalog) -> dict[str, Any]:
    """Return the description of the calls, and of a webhook for each event type."""
    operations = tuple(operations)
    kinds = {Problem, *(kind for operation in operations for kind in _kinds(operation))}
    ordered = sorted(kinds, key=repr)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    schema_of = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, schema_of, components)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pivotal webhook sandbox",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://127.0.0.1:8400"}],
        "paths": paths,
        "webhooks": {event_type.name: {"post": _webhook(event_type)} for event_type in catalog},
        "components": {
            "schemas": components,
            "responses": {
                name: {"description": why, "content": {MEDIA: {"schema": schema_of[Problem]}}}
                for name, why in _REFUSALS.values()
            },
            "securitySchemes": _SCHEMES,
        },
    }


def _kinds(operation: Operation) -> list[Any]:
    kinds = [kind for kind in operation.answers.values() if kind is not None]
    return kinds + [kind for kind in (operation.body, operation.query) if kind]


def _operation(
    operation: Operation, schema_of: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary.removesuffix("."),
        "tags": [operation.path.split("/")[2] if operation.path.count("/") > 1 else "health"],
        "parameters": _parameters(operation, components),
        "responses": {
            **{
                str(status): _answer(kind, operation.media, schema_of)
                for status, kind in operation.answers.items()
            },
            **_refusals(operation),
            "default": {
                "description": "It was not done: what was wrong, and where",
                "content": {MEDIA: {"schema": schema_of[Problem]}},
            },
        },
        "security": _security(operation),
    }
    if operation.body:
        described["requestBody"] = {
            "content": {"application/json": {"schema": schema_of[operation.body]}}
        }
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    """Return the ways to show the token; none is one, as on loopback there need not be a token."""
    if operation.path == HEALTH:
        return []
    # A link or an EventSource cannot carry headers.
    is_link = operation.path == STREAM or not operation.path.startswith("/api/")
    ways: list[dict[str, list[str]]] = [{"token": []}, {"link": []}, {}]
    return [way for way in ways if is_link or "link" not in way]


def _refusals(operation: Operation) -> dict[str, Any]:
    refused = {401: operation.path != HEALTH, 403: operation.method != "GET"}
    return {
        str(status): {"$ref": f"#/components/responses/{name}"}
        for status, (name, _) in _REFUSALS.items()
        if refused[status]
    }


def _parameters(operation: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(operation.path)
    ]
    if operation.query is None:
        return in_path
    properties = components[operation.query.__name__]["properties"]
    in_query = [
        {"name": name, "in": "query", "schema": _parameter_schema(schema)}
        for name, schema in properties.items()
    ]
    return in_path + in_query


def _parameter_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter: one that is left out is null, but none can be."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if not options:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return (options[0] if len(options) == 1 else {"anyOf": options}) | rest


def _answer(kind: Any, media: str, schema_of: dict[Any, Any]) -> dict[str, Any]:
    if kind is None:
        return {"description": "Done"}
    return {"description": "Done", "content": {media: {"schema": schema_of[kind]}}}


def _webhook(event_type: EventType) -> dict[str, Any]:
    event = {
        "type": "object",
        "properties": {**ENVELOPE, "type": {"const": event_type.name}, "data": event_type.schema},
        "required": ["id", "type", "created_at", "data"],
    }
    return {
        "operationId": event_type.name,
        "summary": event_type.description,
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": about,
                "schema": {"type": "string"},
            }
            for name, about in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": event, "example": event_type.example}},
        },
        "responses": {
            "2XX": {"description": "Delivered"},
            "5XX": {"description": "Retried for 24 hours"},
            "4XX": {"description": "Failed at once: it is replayed by hand"},
        },
    }
