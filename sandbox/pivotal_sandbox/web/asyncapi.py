"""The events as an AsyncAPI 3.0 document: what Pivotal sends, and to what."""

from typing import Any

from pivotal_sandbox import __version__
from pivotal_sandbox.domain.catalog import Catalog, EventType
from pivotal_sandbox.web.openapi import ENVELOPE, HEADERS

_ABOUT = """\
Pivotal's webhooks. Each event is a POST to the URL of each endpoint that subscribed to its type.
2xx is delivered; 5xx and no answer in 10 s are tried again for 24 hours; anything else is not."""


def document(catalog: Catalog) -> dict[str, Any]:
    """Return the description: one channel, with a message for each event type."""
    names = [event_type.name for event_type in catalog]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Pivotal webhooks",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "webhooks": {
                "address": "{endpoint}",
                "description": "The URL that was given for an endpoint.",
                "parameters": {
                    "endpoint": {
                        "description": "A URL of yours.",
                        "examples": ["http://127.0.0.1:8000/webhooks/pivotal"],
                    }
                },
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            }
        },
        "operations": {
            "deliver": {
                "action": "send",
                "summary": "Deliver an event to an endpoint",
                "channel": {"$ref": "#/channels/webhooks"},
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
                "messages": [{"$ref": f"#/channels/webhooks/messages/{name}"} for name in names],
            }
        },
        "components": {
            "messages": {event_type.name: _message(event_type) for event_type in catalog}
        },
    }


def _message(event_type: EventType) -> dict[str, Any]:
    # Inside another schema it is no document of its own, which "$schema" would claim.
    data = {key: value for key, value in event_type.schema.items() if key != "$schema"}
    return {
        "name": event_type.name,
        "title": event_type.name,
        "summary": event_type.description,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": about} for name, about in HEADERS.items()
            },
            "required": list(HEADERS),
        },
        "payload": {
            "type": "object",
            "properties": {**ENVELOPE, "type": {"const": event_type.name}, "data": data},
            "required": [*ENVELOPE, "data"],
        },
        "examples": [{"payload": event_type.example}],
    }
