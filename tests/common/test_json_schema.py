"""JSON Schemas that explain."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from pivotal_sandbox.common.json_schema import Node, Schema
from pivotal_sandbox.errors import InputError

RECORD = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x_": True},
    "required": ["health", "arr"],
    "properties": {
        "health": {"type": "string", "enum": ["healthy", "at_risk"]},
        "arr": {"type": ["number", "null"], "minimum": 0},
        "id": {"type": "string", "pattern": "^cus_[0-9]+$", "examples": ["cus_1"]},
        "plain": {"type": "string", "pattern": "^a"},
        "born": {"type": "string", "format": "date"},
        "seen": {"type": "string", "format": "date-time"},
        "to": {"type": "string", "format": "email"},
        "at": {"type": "string", "format": "ipv4"},
        "owner": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {"name": {"type": "string"}},
        },
        "free": {"type": "object", "additionalProperties": {"type": "integer"}},
        "open": {"type": "object"},
        "list": {"type": "array", "items": {"type": "object", "properties": {"a": {}}}},
        "either": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/pair"}]},
        "anything": True,
        "never": False,
        "same": {"$ref": "#"},
        "lost": {"$ref": "#/$defs/nowhere"},
        "away": {"$ref": "http://127.0.0.1:9/schema.json"},
    },
    "$defs": {
        "pair": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"left": {}, "right": {}},
        }
    },
}
GOOD = {"health": "healthy", "arr": 1}


@pytest.mark.parametrize(
    ("change", "pointer", "sentence"),
    [
        (
            {"health": "at-risk"},
            "/health",
            '"health" is "at-risk", but must be "healthy" or "at_risk". Did you mean "at_risk"?',
        ),
        ({"helth": 1}, "/helth", 'data has no "helth". Did you mean "health"?'),
        ({"arr": "12"}, "/arr", '"arr" is "12", but must be a number or null.'),
        ({"arr": -1}, "/arr", '"arr": -1 is less than the minimum of 0.'),
        (
            {"plain": 5},
            "/plain",
            '"plain" is 5, but must be a string. In quotes it is a string: "5".',
        ),
        ({"plain": "b"}, "/plain", '"plain" is "b", which does not match ^a.'),
        (
            {"id": "x" * 99},
            "/id",
            f'"id" is "{"x" * 59}..., which does not match ^cus_[0-9]+$ such as "cus_1".',
        ),
        ({"born": "soon"}, "/born", '"born" is "soon", which is no date such as "2026-05-24".'),
        (
            {"seen": "2026-05-24"},
            "/seen",
            '"seen" is "2026-05-24", which is no date-time such as "2026-05-24T08:00:00.000Z".',
        ),
        ({"to": "me"}, "/to", '"to" is "me", which is no email such as "ana@example.com".'),
        ({"at": "me"}, "/at", '"at" is "me", which is no ipv4.'),
        (
            {"owner": {"nmae": 1}},
            "/owner/nmae",
            '"owner" has no "nmae". Did you mean "name"?',
        ),
        ({"owner": []}, "/owner", '"owner" is [], but must be an object or null.'),
        ({"free": {"a/b": None}}, "/free/a~1b", '"free.a/b" is null, but must be an integer.'),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(
    change: dict[str, Any], pointer: str, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        Schema(RECORD).check({**GOOD, **change})
    assert (caught.value.pointer, str(caught.value)) == (pointer, sentence)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputError, match=r'^data lacks "arr"\.$'):
        Schema(RECORD).check({"health": "healthy"})


def test_what_is_as_the_schema_has_it_passes() -> None:
    Schema(RECORD).check({**GOOD, "x_y": 1, "seen": "2026-05-24T08:00:00Z", "open": {"a": 1}})


def test_of_two_extras_the_one_that_no_pattern_allows_is_named() -> None:
    with pytest.raises(InputError, match='has no "y"'):
        Schema(RECORD).check({**GOOD, "x_y": 1, "y": 2})


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "objct"}, "/type"),
        ({"properties": {"a/b": {"pattern": "("}}}, "/properties/a~1b/pattern"),
        ({"properties": 5}, "/properties"),
    ],
)
def test_what_is_no_schema_is_refused(schema: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InputError, match="no JSON Schema") as caught:
        Schema(schema).check_itself()
    assert caught.value.pointer == pointer


def test_a_schema_is_no_wrong_schema() -> None:
    Schema(RECORD).check_itself()


def test_nothing_is_fetched() -> None:
    asked = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/schema.json"
        with pytest.raises(InputError) as caught:
            Schema({"$ref": url}).check(1)
        server.shutdown()
    says = f'The schema refers to "{url}", which is not in it; nothing is fetched.'
    assert (str(caught.value), asked) == (says, [])


def test_a_reference_to_itself_ends() -> None:
    with pytest.raises(InputError, match="without end"):
        Schema({"$ref": "#"}).check(1)


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("health", True),
        ("helth", False),
        ("health.x", False),
        ("owner.name", True),
        ("owner.nmae", False),
        ("free.whatever", True),
        ("free.whatever.x", False),
        ("open.what.ever", True),
        ("list.0", True),
        ("list.12.a", True),
        ("list.a", False),
        ("either.left", True),
        ("either.middle", False),
        ("anything.at.all", True),
        ("never", False),
        ("same.owner.name", True),
        ("same.owner.nmae", False),
        ("lost.x", True),
        ("away.x", True),
        ("", False),
    ],
)
def test_a_path_is_known_where_the_schema_lets_a_value_have_it(path: str, yes: bool) -> None:
    assert Schema(RECORD).has(path) is yes


def test_the_paths_are_those_that_the_schema_names() -> None:
    paths = set(Schema({**RECORD, "properties": {**RECORD["properties"], "same": {}}}).paths())  # type: ignore[dict-item]
    assert {"health", "owner.name", "list.0", "list.0.a", "either.left"} <= paths
    assert not {"", "free.whatever"} & paths


def test_a_schema_that_refers_to_itself_has_paths_too() -> None:
    tree = {"properties": {"up": {"$ref": "#"}, "loop": {"$ref": "#/properties/loop"}}}
    assert {"up", "up.up.up"} <= set(Schema(tree).paths())
    assert Schema(tree).has("up.up.up.up.up.up.up.up.up.up.up")


def test_the_library_that_checks_is_loaded_on_the_first_check_only() -> None:
    program = """
import sys
from pivotal_sandbox.common.json_schema import Schema
schema = Schema({"type": "object"})
schema.has("a"), list(schema.paths())
assert "jsonschema" not in sys.modules
schema.check({})
assert "jsonschema" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_each_part_is_rewritten_by_what_the_schema_says_of_it() -> None:
    schema = Schema(
        {
            "$defs": {"name": {"type": "string"}},
            "properties": {
                "a": {"$ref": "#/$defs/name"},
                "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "c": {"items": {"properties": {"d": {"const": 1}}}},
            },
            "additionalProperties": False,
        }
    )
    seen = []

    def note(name: str, nodes: list[Node], value: Any) -> Any:
        seen.append((name, [node for node in nodes if node is not schema.schema], value))
        return "new" if name == "a" else value

    assert schema.rewritten({"a": "x", "b": 1, "c": [{"d": 1}], "e": 2}, note) == {
        "a": "new",
        "b": 1,
        "c": [{"d": 1}],
        "e": 2,
    }
    assert seen == [
        ("a", [{"type": "string"}], "x"),
        ("b", [{"type": "integer"}, {"type": "null"}], 1),
        ("d", [{"const": 1}], 1),
        ("", [{"properties": {"d": {"const": 1}}}], {"d": 1}),
        ("c", [schema.schema["properties"]["c"]], [{"d": 1}]),
        ("e", [], 2),
        ("", [], {"a": "new", "b": 1, "c": [{"d": 1}], "e": 2}),
    ]
