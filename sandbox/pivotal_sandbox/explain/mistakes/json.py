"""What is signed in place of the body by who has parsed it: JSON written again, or no JSON."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pivotal_sandbox.explain import serializers as forms
from pivotal_sandbox.explain.mistakes.mistake import Mistake
from pivotal_sandbox.explain.serializers import Style, write

RAW = (
    "Take the raw bytes of the request before anything parses them and use those for the "
    "signature; parse them afterwards."
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A body that is JSON: with its numbers as they were written, and as Python reads it."""

    tree: Any
    plain: Any


Form = Callable[[Parsed], Iterable[str]]


def parsed(body: bytes) -> Parsed:
    """Return a body as it is parsed, leniently. Raises `ValueError` if it is no JSON."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    tree = forms.parse(text)
    return Parsed(tree, json.loads(text))


def _again(id: str, who: str, help: str, form: Form) -> tuple[Mistake, Form]:
    return Mistake(id, f"over the body as {who} writes it again", help, RAW), form


def _python(**options: Any) -> Callable[[Any], str]:
    return json.JSONEncoder(**options).encode


def _pythons(*choices: dict[str, Any]) -> Form:
    encoders = [_python(**choice) for choice in choices]
    return lambda parsed: (encode(parsed.plain) for encode in encoders)


def _styled(*styles: Style, shape: Callable[[Any], Any] = lambda tree: tree) -> Form:
    def form(parsed: Parsed) -> Iterable[str]:
        value = shape(parsed.tree)
        return (write(value, style) for style in styles)

    return form


def _ended(form: Form, *ends: str) -> Form:
    return lambda parsed: (text + end for text in form(parsed) for end in ends)


_COMPACT = {"separators": (",", ":")}
_UTF8 = {"ensure_ascii": False}
_SORTED = {"sort_keys": True}

_NODE = Style(forms.node_text, forms.node_number)
_PHP = Style(forms.php_text, forms.php_number)
_RUBY = Style(forms.plain_text, forms.ruby_number)
_GO = Style(forms.go_text, forms.go_number)
_GO_UNESCAPED = Style(forms.go_unescaped_text, forms.go_number)
_JACKSON = Style(forms.jackson_text, forms.java_number)

_RUBY_ESCAPES = {number: f"\\u{number:04X}" for number in (*range(32), 127, 0x2028, 0x2029)} | {
    ord(mark): "\\" + escape
    for mark, escape in zip('"\\\a\b\t\n\v\f\r\x1b', '"\\abtnvfre', strict=True)
}


def _inspected(text: str) -> str:
    escaped = text.translate(_RUBY_ESCAPES)
    return '"' + re.sub("#(?=[{$@])", r"\\#", escaped) + '"'


def _spaced(style: Style, indent: str) -> Style:
    return replace(style, colon=": ", indent=indent)


def _data(parsed: Parsed) -> Iterable[str]:
    data = Parsed(parsed.tree["data"], parsed.plain["data"])
    for _, form in JSON_MISTAKES[:-_NOT_OF_DATA]:
        try:
            yield from form(data)
        except ValueError:  # this one cannot write it: the others may
            continue


JSON_MISTAKES: tuple[tuple[Mistake, Form], ...] = (
    _again(
        "json-node",
        "Node's JSON.stringify",
        "`JSON.stringify(req.body)` behind `express.json()`, or after `await request.json()`.",
        _styled(_NODE, shape=forms.indexes_first),
    ),
    _again(
        "json-node-indent",
        "Node's JSON.stringify with indentation",
        "`JSON.stringify(req.body, null, 2)`; also with 4 blanks or a tab.",
        _styled(*(_spaced(_NODE, by) for by in ("  ", "    ", "\t")), shape=forms.indexes_first),
    ),
    _again(
        "json-python",
        "Python's json.dumps",
        "`json.dumps(request.json)`: blanks after commas and colons, ASCII only.",
        _pythons({}),
    ),
    _again(
        "json-python-compact",
        'Python\'s json.dumps(separators=(",", ":"))',
        '`json.dumps(event, separators=(",", ":"))`: no blanks, but ASCII only.',
        _pythons(_COMPACT),
    ),
    _again(
        "json-python-utf8",
        "Python's json.dumps(ensure_ascii=False)",
        "`json.dumps(event, ensure_ascii=False)`: blanks after commas and colons.",
        _pythons(_UTF8),
    ),
    _again(
        "json-python-compact-utf8",
        "Python's json.dumps, compact and with ensure_ascii=False,",
        '`json.dumps(event, separators=(",", ":"), ensure_ascii=False)`, and as `orjson` does.',
        _pythons(_COMPACT | _UTF8),
    ),
    _again(
        "json-python-sorted",
        "Python's json.dumps(sort_keys=True)",
        "`json.dumps(event, sort_keys=True)`, also compact or with `ensure_ascii=False`.",
        _pythons(_SORTED, _SORTED | _COMPACT, _SORTED | _UTF8, _SORTED | _COMPACT | _UTF8),
    ),
    _again(
        "json-python-indent",
        "Python's json.dumps with indentation",
        "`json.dumps(event, indent=2)`; also by 4, sorted, or with `ensure_ascii=False`.",
        _pythons(
            *(
                {"indent": by, **how}
                for by in (2, 4)
                for how in ({}, _UTF8, _SORTED, _SORTED | _UTF8)
            )
        ),
    ),
    _again(
        "json-php",
        "PHP's json_encode",
        "`json_encode($request->all())`: slashes and all that is not ASCII escaped, "
        "and `{}` becomes `[]`.",
        _styled(_PHP, shape=forms.php_arrays),
    ),
    _again(
        "json-php-unescaped",
        "PHP's json_encode with JSON_UNESCAPED flags",
        "`json_encode($event, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE)`, or one.",
        _styled(
            *(
                Style(text, forms.php_number)
                for text in (forms.php_unescaped_text, forms.php_ascii_text, forms.php_unicode_text)
            ),
            shape=forms.php_arrays,
        ),
    ),
    _again(
        "json-php-fraction",
        "PHP's json_encode with JSON_PRESERVE_ZERO_FRACTION",
        "`JSON_PRESERVE_ZERO_FRACTION` keeps the `.0` of 1.0; with JSON_UNESCAPED or not.",
        _styled(
            Style(forms.php_unescaped_text, forms.php_fraction_number),
            Style(forms.php_text, forms.php_fraction_number),
            shape=forms.php_arrays,
        ),
    ),
    _again(
        "json-php-object",
        "PHP's json_encode of objects",
        "`json_encode(json_decode($body))`, without `true`: `{}` stays; with flags or not.",
        _styled(
            _PHP,
            Style(forms.php_unescaped_text, forms.php_number),
            Style(forms.php_unescaped_text, forms.php_fraction_number),
        ),
    ),
    _again(
        "json-php-pretty",
        "PHP's json_encode with JSON_PRETTY_PRINT",
        "`json_encode($event, JSON_PRETTY_PRINT)`, with the JSON_UNESCAPED flags or not.",
        _styled(
            _spaced(_PHP, "    "),
            Style(forms.php_unescaped_text, forms.php_number, colon=": ", indent="    "),
            shape=forms.php_arrays,
        ),
    ),
    _again(
        "json-ruby",
        "Ruby's JSON.generate",
        "`JSON.generate(JSON.parse(body))`, `event.to_json` without Rails.",
        _styled(_RUBY),
    ),
    _again(
        "json-ruby-pretty",
        "Ruby's JSON.pretty_generate",
        "`JSON.pretty_generate(event)`.",
        _styled(_spaced(_RUBY, "  "), replace(_spaced(_RUBY, "  "), hollow=True)),
    ),
    _again(
        "json-go",
        "Go's json.Marshal of a map",
        "`json.Marshal(event)` of a `map[string]any`: keys sorted, `<`, `>` and `&` escaped.",
        _styled(_GO, shape=forms.sorted_keys),
    ),
    _again(
        "json-go-unescaped",
        "Go's json.Encoder with SetEscapeHTML(false)",
        "`encoder.SetEscapeHTML(false)`, with the newline that an Encoder adds or without.",
        _ended(_styled(_GO_UNESCAPED, shape=forms.sorted_keys), "\n", ""),
    ),
    _again(
        "json-go-encoder",
        "Go's json.Encoder, newline included,",
        "`json.NewEncoder(mac).Encode(event)` of a map: as json.Marshal, and a newline.",
        _ended(_styled(_GO, shape=forms.sorted_keys), "\n"),
    ),
    _again(
        "json-go-indent",
        "Go's json.MarshalIndent",
        '`json.MarshalIndent(event, "", "  ")`; also with 4 blanks or a tab.',
        _styled(*(_spaced(_GO, by) for by in ("  ", "    ", "\t")), shape=forms.sorted_keys),
    ),
    _again(
        "json-go-struct",
        "Go's json.Marshal of a struct with a map as its data",
        "`json.Marshal(event)` of a struct: the order of the envelope stays, `data` is sorted.",
        _styled(_GO, shape=forms.struct_order),
    ),
    _again(
        "json-jackson",
        "Java's Jackson",
        "`mapper.writeValueAsString(map)`, as behind `@RequestBody Map<String, Object>`.",
        _styled(_JACKSON),
    ),
    _again(
        "json-jackson-bytes",
        "Java's Jackson to bytes",
        "`mapper.writeValueAsBytes(map)`: emoji become two `\\uXXXX`.",
        _styled(Style(forms.jackson_bytes_text, forms.java_number)),
    ),
    _again(
        "json-jackson-sorted",
        "Java's Jackson with sorted keys",
        "`SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS`, or a `TreeMap`.",
        _styled(
            _JACKSON,
            Style(forms.jackson_bytes_text, forms.java_number),
            shape=lambda tree: forms.sorted_keys(tree, forms.utf16),
        ),
    ),
    _again(
        "json-gson",
        "Java's Gson",
        "`new Gson().toJson(element)`: `<`, `>`, `&`, `=` and `'` escaped, numbers as they were.",
        _styled(Style(forms.gson_text, forms.verbatim)),
    ),
    _again(
        "json-postgres",
        "PostgreSQL's jsonb",
        "The body was kept in a `jsonb` column: keys by length, blanks after commas and colons.",
        _styled(
            Style(forms.plain_text, forms.postgres_number, comma=", ", colon=": "),
            shape=lambda tree: forms.sorted_keys(tree, forms.shortest),
        ),
    ),
    (
        Mistake(
            "data-only",
            "over the event's `data` alone",
            "`JSON.stringify(event.data)`: the parsed record is signed, not the whole event.",
            RAW,
        ),
        _data,
    ),
    (
        Mistake(
            "text-python-dict",
            "over the text of a Python dict",
            "`str(request.json).encode()`, or an f-string with the parsed event in it.",
            RAW,
        ),
        lambda parsed: [str(parsed.plain)],
    ),
    (
        Mistake(
            "text-ruby-hash",
            "over the text of a Ruby hash",
            '`"#{t}.#{params}"`: what `inspect` gives, `{"id"=>…}`.',
            RAW,
        ),
        _styled(
            *(
                Style(_inspected, forms.ruby_number, comma=", ", colon=arrow, null="nil")
                for arrow in ("=>", " => ")
            )
        ),
    ),
    (
        Mistake(
            "text-java-map",
            "over the text of a Java map",
            "`event.toString()` of a `Map`: `{id=…, type=…}`.",
            RAW,
        ),
        _styled(Style(str, forms.java_number, comma=", ", colon="=")),
    ),
    (
        Mistake(
            "text-js-object",
            'over the text "[object Object]"',
            "`${t}.${req.body}` in JavaScript, where the body is already an object.",
            RAW,
        ),
        lambda parsed: ["[object Object]"],
    ),
    (
        Mistake(
            "text-php-array",
            'over the text "Array"',
            '`"$t.$event"` in PHP, where the event is already an array.',
            RAW,
        ),
        lambda parsed: ["Array"],
    ),
)
_NOT_OF_DATA = 6
