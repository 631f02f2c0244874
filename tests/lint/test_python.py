"""Single idioms; whole handlers are in test_linter.py."""

import pytest

from pivotal_sandbox.lint.python import python_hits


def rules(text: str) -> list[str]:
    return [hit.rule for hit in python_hits(f"import hmac\n{text}\n")]


MAC = "expected = hmac.new(k, body, 'sha256').hexdigest()\n"


@pytest.mark.parametrize(
    "text",
    [
        MAC + "ok = header == expected",
        MAC + "ok = 'sha256=' + expected != header",
        MAC + "ok = f'v1={expected}' == header",
        MAC + "ok = expected in signatures",
        "ok = hmac.new(k, b, 'sha256').hexdigest() == header",
        "ok = base64.b64encode(hmac.digest(k, b, 'sha256')).decode() == header",
        "if (mac := HMAC(k, b).digest()) == header: pass",
        "expected: str = await sign(body)\nok = expected == given",
        "ok = request.headers['pivotal-signature'] == self.expected",
        "ok = request.headers.get('x-signature') != computed_signature",
    ],
)
def test_a_comparison_that_stops_early_is_found(text: str) -> None:
    assert rules(text) == ["constant-time"]


@pytest.mark.parametrize(
    "text",
    [
        "ok = signature is None or signature == ''",
        "ok = len(signature) != len(expected)",
        "ok = signature_version == SUPPORTED and digest == EMPTY_DIGEST",
        MAC + "ok = hmac.compare_digest(expected, header) == wanted",
        MAC + "ok = expected in ('a', 'b')",
        MAC + "def other(expected): return given == expected",
        "ok = hashlib.sha256(body).hexdigest() == cached",
        "value: int\nvalue = 1",
    ],
)
def test_what_tells_nothing_of_a_signature_is_not(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "hmac.new(k, json.dumps(request.json).encode(), 'sha256')",
        "data = json.loads(raw)\nbody = json.dumps(data)\nverify(body.encode(), header)",
        "mac = hmac.new(k, digestmod='sha1')\nmac.update(str(request.get_json()).encode())",
        "@app.post('/x')\nasync def x(e: Event):\n    sign(e.model_dump_json())",
        "def is_valid(payload):\n    return sign(json.dumps(payload))",
    ],
)
def test_a_body_that_is_written_again_before_it_is_hashed_is_found(text: str) -> None:
    assert rules(text) == ["reserialized-body"]


@pytest.mark.parametrize(
    "text",
    [
        "body = json.dumps({'id': 1})\nsign(body)",
        "def send(event): return sign(json.dumps(event))",
        "queue.update(json.dumps(request.json))",
        "body = json.dumps(request.json)\nbody = request.data\nverify(body)",
    ],
)
def test_what_was_not_parsed_or_is_not_hashed_is_not(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "S = os.environ.get('HOOK_SECRET', '').encode()",
        "S = os.environ.get('HOOK_SECRET') or ''",
        "S = os.getenv('HOOK_SECRET', default=b'')",
        "S = os.getenv('HOOK_SECRET', 'dev')\nif not S: raise SystemExit",
        "hmac.new(os.getenv('HOOK_SECRET', ''), b, 'sha256')",
    ],
)
def test_a_secret_with_a_default_is_found(text: str) -> None:
    assert rules(text) == ["default-secret"]


@pytest.mark.parametrize(
    "text",
    [
        "S = os.environ['HOOK_SECRET']",
        "S = os.environ.get('HOOK_SECRET')",
        "P = os.environ.get('PORT', '80')",
        "S = os.environ.get('HOOK_SECRET', '')\nif S == '': raise SystemExit",
        "S = os.environ.get('HOOK_SECRET', '')\nassert S",
        "S = os.environ.get('HOOK_SECRET', '')\nready = bool(S)",
        "S = [s for s in os.environ.get('SECRETS', '').split(',') if s]",
        "x = strip()",
        "x = os.getenv()",
    ],
)
def test_an_empty_default_that_is_asked_for_is_not(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("print('x', secret)", True),
        ("log.info('%s', self.webhook_secret)", True),
        ("logger.warning('{}'.format(secret))", True),
        ("logging.info('%s' % (secret,))", True),
        (MAC + "print(f'wanted {expected}')", True),
        ("print(len(secret), bool(secret), secret[:4], 'secret')", False),
        ("math.log(secret)", False),
        ("print(f'{secret!r:>{width}}')", True),
    ],
)
def test_a_secret_in_the_log_is_found_and_what_is_told_about_it_is_not(
    text: str, found: bool
) -> None:
    assert rules(text) == ["secret-logged"] * found


def test_a_verifier_that_knows_no_clock_is_found() -> None:
    header = "h = request.headers['pivotal-signature']\n"
    assert rules(header + MAC) == ["no-timestamp-check"]
    for timed in ("time.time()", "datetime.now()", "check(tolerance=5)", "def f(now): pass"):
        assert rules(header + MAC + timed) == []
    assert rules(MAC) == []


@pytest.mark.parametrize("text", ["def (", "\0", "(" * 5000, "x = '\\d'\nhmac"])
def test_what_is_no_python_has_no_mistakes(text: str) -> None:
    assert python_hits(text) == []
