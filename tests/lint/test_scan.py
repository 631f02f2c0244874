"""Single idioms; whole handlers are in test_linter.py."""

import pytest

from pivotal_sandbox.lint.languages import BY_SUFFIX
from pivotal_sandbox.lint.scan import scan


def rules(text: str, suffix: str = ".js") -> list[str]:
    start = "<?php " if suffix == ".php" else ""
    about = "# hmac" if suffix == ".rb" else "// hmac"
    return [hit.rule for hit in scan(f"{start}{text}\n{about}", BY_SUFFIX[suffix])]


MAC = "const expected = crypto.createHmac('sha256', key).update(body).digest('hex');\n"


@pytest.mark.parametrize(
    "text",
    [
        "if (signature == expected) {}",
        "return req.get('x-signature') !== computedSignature",
        MAC + "ok = whatever === expected",
        MAC + "ok = list.includes(expected)",
        MAC + "ok = expected.toString('hex').localeCompare(given) === 0",
        "if (sign(body, secret) != header) {}",
    ],
)
def test_a_comparison_that_stops_early_is_found(text: str) -> None:
    assert rules(text) == ["constant-time"]


@pytest.mark.parametrize(
    "text",
    [
        "if (signature == null || signature === '') {}",
        "if (signature.length !== expected.length) {}",
        "if (typeof signature !== 'string' || scheme === 'sig') {}",
        "if (signatureVersion === supportedVersion) {}",
        "if (signature === SIGNATURE) {}",
        MAC + "if (crypto.timingSafeEqual(given, expected) === wanted) {}",
        MAC + "const size = expected.length; if (size !== given) {}",
        "function a() { const mac = createHmac('a', k).digest() }\nfunction b(mac) { x === mac }",
        "if (hash === createHash('sha1').update(x).digest('hex')) {}",
    ],
)
def test_what_tells_nothing_of_a_signature_is_not(text: str) -> None:
    assert rules(text) == []


def test_a_source_without_any_mac_is_not_read() -> None:
    assert scan("if (signature == expected) {}", BY_SUFFIX[".js"]) == []


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("const hook = verify(JSON.stringify(req.body), header)", ".js"),
        ("event = await req.json()\nsign(JSON.stringify(event))", ".js"),
        ("$b = json_encode($request->all()); $x = hash_hmac('sha256', $b, $k);", ".php"),
        ("h = OpenSSL::HMAC.digest('SHA256', k, params.to_json)", ".rb"),
        ("json.Unmarshal(body, &e)\nb, _ := json.Marshal(e)\nok := verify(b, header)", ".go"),
    ],
)
def test_a_body_that_is_written_again_before_it_is_hashed_is_found(text: str, suffix: str) -> None:
    assert rules(text, suffix) == ["reserialized-body"]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("createHmac('a', k).update(JSON.stringify(outgoing))", ".js"),
        ("const e = JSON.parse(raw); db.update(JSON.stringify(e))", ".js"),
        ("let b = JSON.stringify(req.body); b = raw; verify(b, header)", ".js"),
        ("function send(e) { createHmac('a', k).update(JSON.stringify(e)) }", ".js"),
        ("json.Unmarshal(body, &e)\nok := verify(body, header)", ".go"),
    ],
)
def test_what_was_not_parsed_or_is_not_hashed_is_not(text: str, suffix: str) -> None:
    assert rules(text, suffix) == []


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("const s = process.env.PIVOTAL_SECRET ?? ''", ".ts"),
        ("const s = process.env['PIVOTAL_SECRET'] || 'dev'; if (!s) throw x", ".ts"),
        ("$s = env('WEBHOOK_SECRET', '');", ".php"),
        ("s = ENV.fetch('WEBHOOK_SECRET', '')", ".rb"),
        ('val s = System.getenv("HOOK_SECRET") ?: ""', ".kt"),
    ],
)
def test_a_secret_with_a_default_is_found(text: str, suffix: str) -> None:
    assert rules(text, suffix) == ["default-secret"]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("const s = process.env.PIVOTAL_SECRET || ''; if (!s) throw x", ".ts"),
        ("const s = process.env.PIVOTAL_SECRET || ''; if (s === '') throw x", ".ts"),
        ("const s = process.env.PIVOTAL_SECRET || ''; if (s.length == 0) throw x", ".ts"),
        ("const s = (process.env.SECRETS || '').split(',').filter(Boolean)", ".ts"),
        ("const s = process.env.PORT || '80'", ".ts"),
        ("$s = getenv('PIVOTAL_SECRET') ?: ''; if (empty($s)) exit;", ".php"),
        ("s = ENV['PIVOTAL_SECRET'] || ''\nabort if s.empty?", ".rb"),
    ],
)
def test_an_empty_default_that_is_asked_for_is_not(text: str, suffix: str) -> None:
    assert rules(text, suffix) == []


def test_a_secret_in_the_log_is_found_and_what_is_told_about_it_is_not() -> None:
    assert rules("console.log('x', config.webhookSecret)") == ["secret-logged"]
    assert rules("logger.info(`secret ${secret}`)") == ["secret-logged"]
    assert rules("error_log('x' . $secret);", ".php") == ["secret-logged"]
    assert rules("console.log(!!secret, secret.length, mask(secret), 'secret')") == []


def test_a_verifier_that_knows_no_clock_is_found() -> None:
    header = "const h = req.get('Pivotal-Signature');\n"
    assert rules(header + MAC) == ["no-timestamp-check"]
    assert rules(header + MAC + "if (Math.abs(Date.now() - t) > 300) {}") == []
    assert rules(MAC) == []
