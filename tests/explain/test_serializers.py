"""JSON as languages write it: against the languages themselves."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.explain.mistaken import BODY, FIXTURES

from pivotal_sandbox.explain import serializers
from pivotal_sandbox.explain.mistakes.body import BODY_MISTAKES
from pivotal_sandbox.explain.mistakes.body_forms import BODY_FORMS
from pivotal_sandbox.explain.mistakes.json import JSON_MISTAKES, parsed

PROGRAMS = Path(__file__).parent / "languages"
JARS = ":".join(
    f"/usr/share/java/{name}.jar"
    for name in ("jackson-databind", "jackson-core", "jackson-annotations", "gson")
)
COMMANDS = {
    "node": ["node", str(PROGRAMS / "reserialize.js")],
    "php": ["php", str(PROGRAMS / "reserialize.php")],
    "ruby": ["ruby", str(PROGRAMS / "reserialize.rb")],
    "go": ["go", "run", str(PROGRAMS / "reserialize.go")],
    "java": ["java", "-cp", JARS, str(PROGRAMS / "Reserialize.java")],
}
LANGUAGES = [pytest.param(name, marks=pytest.mark.needs(name), id=name) for name in COMMANDS]
FORMS_OF = {name: (f"json-{name}",) for name in COMMANDS} | {"java": ("json-jackson", "json-gson")}
DEADLINE = 120  # seconds: Go compiles its library where it does so for the first time

_NUMBERS = """
    1.0 -0 -0.0 0 1e3 0.10 0.1 9007199254740993 9223372036854775807 9223372036854775808
    18446744073709551616 -9223372036854775809 1e14 1e15 1e16 1e17 123456789012345680.0 1e20
    1e21 1e22 1.5e300 1e-4 1e-5 0.001 0.0001 0.00012 1e-6 1e-7 1.5e-7 1e7 12345678.5
    1234567.5 9999999.0 0.30000000000000004 2.0E-3 100000000000000000000000
    1.7976931348623157e308 1e6 33.33 1000000000000000.5
"""
NUMBERS = _NUMBERS.split()
TEXTS = [
    *(r'"\u00eb"', '"ë"', r'"\u001B\u0000\u007f\b\f\t\n\r"', '"\x7f"', r'"\/ /"', r'"\"\\"'),
    *('"<b>&\'=+`"', '"\u2028\u2029"', r'"\u2028"', r'"\ud83d\ude00"', '"😀"', '"#{a} #b #$c"'),
]
VALUES = [
    *('{"b":1,"a":2}', '{"10":1,"2":2,"a":0}', '{"2":1,"10":2}', '{"0":1,"1":2}', "{}", "[]"),
    *('{"a":1,"a":2,"b":3,"a":4}', '{"a":{},"b":[]}', "[[],{},[1,[2]]]", '{"":1}', "true", "null"),
    '{"-1":1,"01":2,"1":3,"4294967295":4,"4294967294":5,"9007199254740993":6}',
    '{"é":1,"z":2,"😀":3,"\uff61":4}',
    '{"1.5":1,"-0":2,"-5":1}',
    "[null,true,false]",
]
HARD = [
    f'{{"id":"e","type":"t","created_at":"c","data":{{"v":{value}}}}}'.encode()
    for value in (*NUMBERS, *TEXTS, *VALUES)
]
BODIES = [
    *(path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))),
    *HARD,
    BODY,
    b' {"a": 1}\r\n',
    b'{\n  "a": [1, 2],\n "b": {}}\n',
]
FORMS = {mistake.id: form for mistake, form in JSON_MISTAKES}
CHANGES = {mistake.id: change for mistake, change in (*BODY_MISTAKES, *BODY_FORMS)}


def ours(id: str, body: bytes) -> list[bytes]:
    """Return what we make of a body by a mistake."""
    if id in CHANGES:
        return list(CHANGES[id](body))
    return [text.encode() for text in FORMS[id](parsed(body))]


@pytest.fixture(scope="session")
def written() -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Start every language that is here, each in one process for all bodies."""
    started = {}
    for name, command in COMMANDS.items():
        if shutil.which(name):
            started[name] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
            )
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_is_to_the_byte_what_the_language_writes(
    language: str, written: dict[str, "subprocess.Popen[bytes]"]
) -> None:
    missing = [jar for jar in JARS.split(":") if language == "java" and not Path(jar).exists()]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(f"{missing[0]} is not installed")
    lines = b"".join(base64.b64encode(body) + b"\n" for body in BODIES)
    output, _ = written[language].communicate(lines, timeout=DEADLINE)
    assert written[language].returncode == 0
    seen = set()
    for line in output.decode().splitlines():
        index, id, content = line.split()
        body = BODIES[int(index)]
        assert base64.b64decode(content) in ours(id, body), (id, body)
        seen.add(id)
    assert {id for id in FORMS if id.startswith(FORMS_OF[language])} <= seen


def test_what_is_nested_too_deeply_is_refused_and_does_not_overflow() -> None:
    deep = serializers.DEEPEST + 2
    style = serializers.Style(serializers.plain_text, serializers.verbatim)
    value = serializers.parse("[" * deep + "]" * deep)
    shapes = (
        serializers.sorted_keys,
        serializers.indexes_first,
        serializers.php_arrays,
        lambda value: serializers.write(value, style),
    )
    for work in shapes:
        with pytest.raises(ValueError, match="too deeply"):
            work(value)
    for body in ("[" * 200_000, '{"a":' * 200_000):
        with pytest.raises(ValueError):
            serializers.parse(body)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity"])
def test_what_only_python_takes_for_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        serializers.parse(text)


def test_what_is_beyond_a_double_is_null_for_javascript_and_refused_by_others() -> None:
    beyond = serializers.Number("1E400")
    assert serializers.node_number(beyond) == "null"
    for number in (serializers.go_number, serializers.ruby_number, serializers.java_number):
        with pytest.raises(ValueError, match="beyond a double"):
            number(beyond)


def test_jsonb_keeps_digits_and_sorts_by_length() -> None:
    text = '{"bb":1.10,"a":1e3,"zzz":-0.0,"c":[1,{"y":"\\u00eb","x":-0}]}'
    (written,) = FORMS["json-postgres"](parsed(text.encode()))
    assert written == '{"a": 1000, "c": [1, {"x": 0, "y": "ë"}], "bb": 1.10, "zzz": 0.0}'
    assert list(FORMS["json-postgres"](parsed(b'{"a":1}'))) == ['{"a": 1}']
    with pytest.raises(ValueError, match="too long"):
        list(FORMS["json-postgres"](parsed(b"1e99999")))


def test_python_writes_numbers_without_reading_long_ones() -> None:
    assert json.loads('"a"') == serializers.parse('"a"')
    assert serializers.java_number(serializers.Number("9" * 10_000)) == "9" * 10_000
