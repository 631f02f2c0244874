"""Each form in which a parsed body is written again is named when it is signed."""

import json
import subprocess

import pytest
from tests.explain.mistaken import BODY, EXAMPLE, digest, named, told

from pivotal_sandbox.explain.mistakes.json import JSON_MISTAKES, parsed

EVENT = json.loads(BODY)
COMPACT = (",", ":")
# What standard serialisers make of the body, made by them where they are at hand.
BY_PYTHON = {
    "json-python": json.dumps(EVENT),
    "json-python-compact": json.dumps(EVENT, separators=COMPACT),
    "json-python-utf8": json.dumps(EVENT, ensure_ascii=False),
    "json-python-compact-utf8": json.dumps(EVENT, separators=COMPACT, ensure_ascii=False),
    "json-python-sorted": json.dumps(EVENT, sort_keys=True, separators=COMPACT),
    "json-python-indent": json.dumps(EVENT, indent=2),
    "text-python-dict": str(EVENT),
    "text-js-object": "[object Object]",
    "text-php-array": "Array",
    "data-only": json.dumps(EVENT["data"]),
}


@pytest.mark.parametrize("id", BY_PYTHON)
def test_what_python_writes_is_named(id: str) -> None:
    assert named(digest(BY_PYTHON[id].encode()))[0] == id


@pytest.mark.parametrize("id", [mistake.id for mistake, _ in JSON_MISTAKES])
def test_each_form_is_named_first_or_as_alike(id: str) -> None:
    form = {mistake.id: form for mistake, form in JSON_MISTAKES}[id]
    for text in form(parsed(BODY)):
        assert id in named(digest(text.encode()))


@pytest.mark.needs("node")
def test_a_node_receiver_that_signs_what_express_parsed_is_told_so() -> None:
    script = """
        const [secret, t] = process.argv.slice(1);
        const body = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const mac = require("crypto").createHmac("sha256", secret);
        console.log(mac.update(`${t}.${JSON.stringify(body)}`).digest("base64"));
    """
    from tests.explain.mistaken import SECRET, T

    done = subprocess.run(
        ["node", "-e", script, SECRET, str(T)], input=BODY, capture_output=True, check=True
    )
    explanation = told(done.stdout.decode().strip())
    assert [mistake.id for mistake in explanation.mistakes] == ["json-node"]
    assert explanation.sentence == (
        "The computed MAC is made over the body as Node's JSON.stringify writes it again."
    )
    assert "raw bytes" in explanation.mend


def test_forms_that_are_the_same_here_are_all_named() -> None:
    explanation = told(digest(b'{"a":1}'), body=b'{"a": 1}')
    assert explanation.mistakes[0].id == "json-node"
    assert {"json-python-compact", "json-php", "json-ruby", "json-go"} < set(explanation.alike)
    assert "(here the same as json-python-compact, " in explanation.sentence
    assert f"and {len(explanation.alike) - 3} more)" in explanation.sentence


def test_a_form_that_is_the_body_itself_is_no_mistake() -> None:
    assert named(digest(EXAMPLE.strip()), EXAMPLE) != []
    assert told(digest(b'{"a":1}'), body=b'{"a":1}').ok


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff\xfe", b"[" * 200_000, b'{"a":1}x'])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        parsed(body)
