from pathlib import Path

import pytest

from pivotal_sandbox.lint.rules import (
    ADVICE,
    MESSAGES,
    Hit,
    names_clock,
    names_mac,
    names_partner,
    names_secret,
    names_signer,
    names_sink,
    split_words,
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("expectedSignature", ["expected", "signature"]),
        ("HTTP_PIVOTAL_SIGNATURE", ["http", "pivotal", "signature"]),
        ("pivotal-signature", ["pivotal", "signature"]),
        ("hmacSHA256", ["hmac", "sha", "256"]),
        ("$x", ["x"]),
    ],
)
def test_words_are_those_of_any_spelling(name: str, found: list[str]) -> None:
    assert split_words(name) == found


@pytest.mark.parametrize("name", ["signature", "expectedSig", "x_hmac", "pivotal-signature", "mac"])
def test_names_of_signatures_are_known(name: str) -> None:
    assert names_mac(name)


@pytest.mark.parametrize(
    "name", ["signature_version", "sigLength", "signatureHeaderName", "design", "machine", ""]
)
def test_what_only_speaks_of_a_signature_is_none(name: str) -> None:
    assert not names_mac(name)


def test_names_are_told_by_their_words() -> None:
    assert names_partner("expected")
    assert not names_partner("expected_length")
    assert not names_partner("unexpected")
    assert names_signer("sign")
    assert names_signer("computeSignature")
    assert not names_signer("verify_signature")
    assert not names_signer("get_signature")
    assert not names_signer("assign")
    assert names_sink("verifyWebhook")
    assert not names_sink("update")
    assert names_secret("webhookSecret")
    assert not names_secret("secret_length")
    assert names_clock("utcnow")
    assert not names_clock("timestamp")


def test_each_rule_has_its_message_and_its_advice() -> None:
    assert MESSAGES.keys() == ADVICE.keys()


def test_a_hit_becomes_a_finding_with_both() -> None:
    finding = Hit(3, "secret-logged", ("print()", "the secret")).in_file(Path("a.py"))
    assert (finding.file, finding.line, finding.rule) == (Path("a.py"), 3, "secret-logged")
    assert finding.message == "print() puts the secret into the log."
    assert finding.advice == ADVICE["secret-logged"]
