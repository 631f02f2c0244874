"""The API's description of itself."""

from typing import Any

from starlette.responses import Response

from pivotal_sandbox.web.operation import Call, Operation


async def openapi(call: Call[None, None]) -> Response:
    """Describe the API and the webhooks, as OpenAPI 3.1."""
    import msgspec

    from pivotal_sandbox.web.api import OPERATIONS as ALL
    from pivotal_sandbox.web.openapi import document

    described = document(ALL, call.sandbox.catalog)
    return Response(msgspec.json.encode(described), media_type="application/json")


OPERATIONS = (Operation("GET", "/api/openapi.json", openapi, {200: dict[str, Any]}),)
