"""The `webhooks` of an OpenAPI 3.1 document as a catalog of event types."""

from typing import Any

from pivotal_sandbox.common.json_references import resolve_reference
from pivotal_sandbox.common.json_values import escape_pointer, validate_json_value
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.schema_example import example_value
from pivotal_sandbox.errors import InputError

_CREATED_AT = "2026-01-01T00:00:00.000Z"
_DEEPEST = 64


def is_openapi(document: Any) -> bool:
    """Say whether a document is an OpenAPI description, of whatever version."""
    return isinstance(document, dict) and ("openapi" in document or "swagger" in document)


def webhooks_catalog(document: dict[str, Any]) -> Catalog:
    """Return an event type for each webhook, named as that is.

    Where the body of its request has the shape of Pivotal's events, `data` is what its `data` is,
    else the whole body. Where there is no example, one is made of the schema. Raises `InputError`
    with the pointer to the place in the document.
    """
    version = str(document.get("openapi", document.get("swagger")))
    if not version.startswith("3.1"):
        raise InputError(
            f'Webhooks are a part of OpenAPI 3.1; this document is of "{version:.20}".',
            pointer="/openapi" if "openapi" in document else "/swagger",
        )
    webhooks = document.get("webhooks")
    if not isinstance(webhooks, dict) or not webhooks:
        raise InputError('"webhooks" has one webhook or more.', pointer="/webhooks")
    entries = [_entry(document, name, item) for name, item in webhooks.items()]
    try:
        catalog = Catalog.parse({"event_types": entries})
        catalog.check()
    except InputError as error:
        _, _, number, *rest = error.pointer.split("/")
        place = "/".join([f"/webhooks/{escape_pointer(entries[int(number)]['name'])}", *rest])
        raise InputError(str(error), pointer=place) from None
    return catalog


def _entry(document: dict[str, Any], name: str, item: Any) -> dict[str, Any]:
    """Return the entry of the catalog for one webhook."""
    at = f"/webhooks/{escape_pointer(name)}"
    operation, at = _part(document, _resolved(document, item, at), "post", at)
    summary = operation.get("summary") or operation.get("description") or ""
    body, at = _part(document, operation, "requestBody", at)
    content, at = _part(document, body, "content", at)
    media = next(
        (media_type for media_type in content if media_type.partition(";")[0].endswith("json")),
        None,
    )
    if media is None:
        raise InputError("The body is no JSON; right is application/json.", pointer=at)
    described, at = _part(document, content, media, at)
    shape, at_schema = _part(document, described, "schema", at)
    schema = described["schema"]
    properties = shape.get("properties")
    is_event = isinstance(properties, dict) and {"type", "data"} <= properties.keys()
    if is_event:
        schema, at_schema = properties["data"], f"{at_schema}/properties/data"
    schema = _standing_alone(document, schema, at_schema)
    example = _example(document, described, shape, at)
    if example is None:
        example = example_value(schema)
    elif is_event:
        example = example.get("data") if isinstance(example, dict) else None
    return {
        "name": name,
        "object": name.partition(".")[0],
        "description": str(summary),
        "schema": schema,
        "example": {
            "id": "evt_example",
            "type": name,
            "created_at": _CREATED_AT,
            "data": example,
        },
    }


def _part(document: dict[str, Any], owner: dict[str, Any], key: str, at: str) -> Any:
    """Return a part that is an object, and its pointer."""
    at = f"{at}/{escape_pointer(key)}"
    if key not in owner:
        raise InputError(f'"{key}" is missing.', pointer=at)
    return _resolved(document, owner[key], at), at


def _resolved(document: dict[str, Any], part: Any, at: str) -> dict[str, Any]:
    """Return an object, or the one that it refers to."""
    for _ in range(_DEEPEST):
        if not isinstance(part, dict):
            raise InputError("This is an object.", pointer=at)
        if "$ref" not in part:
            return part
        part = _followed(document, part["$ref"], at)
    raise InputError("This refers to itself without end.", pointer=at)


def _followed(document: dict[str, Any], reference: Any, at: str) -> Any:
    try:
        return resolve_reference(document, reference)
    except InputError as error:
        raise InputError(str(error), pointer=at + error.pointer) from None


def _standing_alone(document: dict[str, Any], schema: Any, at: str) -> dict[str, Any]:
    """Return the schema with a copy of all that it refers to in its own `$defs`."""
    names: dict[str, str] = {}
    definitions: dict[str, Any] = {}

    def moved(part: Any) -> Any:
        if isinstance(part, list):
            return [moved(item) for item in part]
        if not isinstance(part, dict):
            return part
        copy = {key: moved(value) for key, value in part.items()}
        if isinstance(reference := part.get("$ref"), str):
            if reference not in names:
                target = _followed(document, reference, at)
                names[reference] = f"d{len(names)}"  # before the next line: it may refer to itself
                definitions[names[reference]] = moved(target)
            copy["$ref"] = f"#/$defs/{names[reference]}"
        return copy

    alone = moved(validate_json_value(schema, at))
    if not isinstance(alone, dict):
        raise InputError("This is a schema, which is an object.", pointer=at)
    return {**alone, "$defs": definitions} if definitions else alone


def _example(
    document: dict[str, Any], described: dict[str, Any], shape: dict[str, Any], at: str
) -> Any:
    """Return the first example of the body that is given, None where there is none."""
    if "example" in described:
        return validate_json_value(described["example"], f"{at}/example")
    examples = described.get("examples")
    if isinstance(examples, dict) and examples:
        example, place = _part(document, examples, next(iter(examples)), f"{at}/examples")
        return validate_json_value(example.get("value"), f"{place}/value")
    given = shape.get("examples")
    if isinstance(given, list) and given:
        return validate_json_value(given[0], f"{at}/schema/examples/0")
    return validate_json_value(shape.get("example"), f"{at}/schema/example")
