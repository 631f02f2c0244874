"""Explanations: exact, bounded, never by chance, and never what would let anyone sign."""

import base64
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.explain.mistaken import BODY, EXAMPLE, SECRET, T, digest, named, told

from pivotal_sandbox.explain.explain import GROUPS, Explanation, explain, hint
from pivotal_sandbox.explain.search import BRIEF
from pivotal_sandbox.signature import mac, sign

HEADER = sign(BODY, SECRET, timestamp=T)
MAC = mac(BODY, SECRET, T)


def test_what_is_right_is_said_to_be_right_and_no_mistake_is_named() -> None:
    for explanation in (explain(BODY, HEADER, SECRET), explain(BODY, HEADER, SECRET, now=T + 300)):
        assert explanation == Explanation(True, None, None, (), (), "The signature is valid.", "")
        assert explanation.ok
    explanation = told(MAC)
    assert explanation == Explanation(True, None, True, (), (), "The computed MAC is right.", "")
    assert explanation.ok


def test_a_combination_is_one_exact_sentence() -> None:
    signed = json.dumps(json.loads(BODY)).encode()
    explanation = told(digest(signed, SECRET[6:].encode(), before="").hex())
    assert [mistake.id for mistake in explanation.mistakes] == [
        *("json-python", "no-timestamp", "key-no-prefix", "hex")
    ]
    assert explanation.sentence == (
        "The computed MAC is made over the body as Python's json.dumps writes it again, without "
        "the timestamp, keyed with the secret without its prefix and written in hex."
    )
    assert len(explanation.mend.split(". ")) >= 4


def test_a_header_that_signs_another_form_says_that_the_body_here_was_changed() -> None:
    compact = json.dumps(json.loads(EXAMPLE), separators=(",", ":"), ensure_ascii=False).encode()
    pretty = json.dumps(json.loads(compact), indent=2).encode()
    explanation = explain(pretty, sign(compact, SECRET, timestamp=T), SECRET)
    assert (explanation.reason, explanation.mistakes[0].id) == ("no_match", "json-node")
    assert "So the body here is not what was signed" in explanation.sentence


def test_of_two_signatures_either_may_be_the_one_that_is_explained() -> None:
    header = f"{sign(BODY, 'whsec_a', timestamp=T)},sig={mac(BODY.strip(), SECRET, T)}"
    assert explain(BODY, header, SECRET).mistakes[0].id == "newline-removed"


def test_bytes_that_were_lost_in_decoding_are_pointed_at() -> None:
    explanation = explain("{\ufffd}".encode(), sign(b"{\xff}", SECRET, timestamp=T), SECRET)
    assert explanation.mistakes == ()
    assert "U+FFFD" in explanation.sentence


def test_a_right_mac_beside_a_header_signed_otherwise_is_no_success() -> None:
    header = sign(BODY.strip(), SECRET, timestamp=T)
    explanation = explain(BODY, header, SECRET, computed=MAC)
    assert (explanation.computed, explanation.ok) == (True, False)
    assert explanation.sentence.startswith(
        "The computed MAC is right for this body and secret, but"
    )
    assert explanation.mistakes[0].id == "newline-removed"


def test_of_a_kept_request_the_computed_mac_is_judged_and_not_the_time() -> None:
    explanation = explain(BODY, HEADER, SECRET, computed=MAC, now=T + 10**6)
    assert (explanation.verified, explanation.reason, explanation.ok) == (False, "too_old", True)


@pytest.mark.parametrize("computed", ["", "zzz", "abc=", "None", "x" * 5000])
def test_what_is_no_mac_is_called_so_and_no_other_secret_is_suspected(computed: str) -> None:
    explanation = told(computed)
    assert (explanation.computed, explanation.mistakes) == (False, ())
    assert explanation.sentence.startswith("What was computed is no MAC: HMAC-SHA256 is 44 ")


@pytest.mark.parametrize("secrets", ["", [], ["", "\ud800"]])
def test_without_a_secret_that_is_the_mistake(secrets: Any) -> None:
    assert explain(BODY, HEADER, secrets).mistakes[0].id == "no-secret"


@pytest.mark.parametrize("body", ["text", {"id": "evt_1"}, None, 7])
def test_a_body_that_is_no_bytes_is_the_mistake(body: Any) -> None:
    assert explain(body, HEADER, SECRET).mistakes[0].id == "body-not-bytes"


def test_a_body_in_another_buffer_is_as_good_as_bytes() -> None:
    for body in (bytearray(BODY), memoryview(BODY)):
        assert explain(body, HEADER, SECRET).ok  # type: ignore[arg-type]


def test_no_mistake_is_named_for_ten_thousand_random_macs() -> None:
    source = random.Random(4)
    wrong = [base64.b64encode(source.randbytes(32)).decode() for _ in range(10_000)]
    header = f"v1,t={T}," + ",".join(f"sig={text}" for text in wrong)
    # One search holds all of them against everything that is tried.
    explanation = explain(EXAMPLE, header, SECRET, others={"another": "whsec_b"})
    assert (explanation.reason, explanation.mistakes) == ("no_match", ())
    for text in wrong[:40]:
        said = explain(EXAMPLE, HEADER, SECRET, computed=text, effort=BRIEF)
        assert (said.mistakes, said.computed) == ((), False)


def test_nothing_that_is_said_lets_a_reader_sign() -> None:
    others = {"endpoint ep_2": "whsec_other"}
    macs = [digest(body) for body in (BODY, BODY.strip(), b"")] + [digest(BODY, b"whsec_other")]
    secret = [SECRET, "whsec_other"]
    for header in (HEADER, sign(b"", SECRET, timestamp=T), sign(BODY, "whsec_other", timestamp=T)):
        for computed in (None, "AAAA", base64.b64encode(macs[1]).decode(), macs[0].hex(), MAC):
            said = str(
                explain(BODY, header, SECRET, computed=computed, others=others, effort=BRIEF)
            )
            for made in macs:
                assert base64.b64encode(made).decode().rstrip("=") not in said
                assert made.hex() not in said
            assert not any(part in said for part in secret)


def test_a_hint_names_the_mistake_of_a_refused_request_and_is_silent_else() -> None:
    def headers(value: str) -> tuple[tuple[str, str], ...]:
        return (("Pivotal-Signature", value),)

    assert hint(BODY, headers(HEADER), [SECRET], now=T) == ""
    assert hint(BODY, headers(sign(BODY, "whsec_b", timestamp=T)), [SECRET], now=T) == ""
    named_so = hint(
        BODY, headers(sign(BODY, "whsec_b", timestamp=T)), [SECRET], {"b": "whsec_b"}, now=T
    )
    assert named_so == "The header's signature is made keyed with the secret of b."
    assert "newline" in hint(BODY, headers(sign(BODY[:-1], SECRET, timestamp=T)), [SECRET], now=T)
    assert hint(BODY, headers(HEADER), [SECRET], now=T + 7200).endswith("taken for UTC.")
    assert hint(BODY, (), [SECRET], now=T) == ""


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 32_000,
        b'{"a":' * 5_000,
        b'["' + b"<\\u0000" * 4_000 + b'"]',
        b"[" + b"1e308," * 5_000 + b"1]",
        b"9" * 32_000,
        b"\xff" * 10_485_760,
        b'{"a":1}' * 1_000_000,
    ],
    ids=lambda body: f"{body[:6]!r}",
)
def test_a_hint_takes_little_time_whatever_was_sent(body: bytes) -> None:
    headers = (("pivotal-signature", sign(b"", SECRET, timestamp=T)),)
    before = time.process_time()
    hint(body, headers, [SECRET], now=T)
    assert time.process_time() - before < 0.5


def test_the_registry_names_more_than_a_hundred_mistakes() -> None:
    assert sum(len(mistakes) for _, mistakes in GROUPS) > 100


ANY = st.none() | st.integers() | st.text() | st.binary() | st.floats()
HEADERS = (
    st.text()
    | st.sampled_from([HEADER, "v1,t=0,sig=", f"v1,t=999999999999,sig={MAC}", f"v1,t=1,sig={MAC}"])
    | st.builds(lambda t, sig: f"v1,t={t},sig={sig}", st.integers(0, 10**13), st.text())
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary()
    | st.sampled_from([BODY, b'{"data":[NaN]}', b"1" * 5000])
    | st.text().map(str.encode),
    HEADERS | ANY,
    st.text() | st.lists(st.text()) | st.just(SECRET),
    st.none() | st.floats() | st.integers(),
    st.none() | st.text() | st.binary().map(bytes.hex) | st.just(MAC),
    st.lists(st.tuples(st.sampled_from(["pivotal-signature", "Pivotal-Delivery-Id"]), st.text())),
    st.dictionaries(st.text(), st.text(), max_size=2),
)
def test_any_input_gets_an_explanation_and_no_error(
    body: bytes, header: Any, secrets: Any, now: Any, computed: Any, headers: Any, others: Any
) -> None:
    said = explain(
        body,
        header,
        secrets,
        now=now,
        computed=computed,
        headers=headers,
        others=others,
        effort=BRIEF,
    )
    assert said.sentence
    assert (said.reason is None) == said.verified
    assert bool(said.mend) == bool(said.mistakes)


def test_a_mistake_with_a_real_example_is_named_in_both_directions() -> None:
    signed = json.dumps(json.loads(EXAMPLE)).encode()
    assert named(digest(signed), EXAMPLE)[0] == "json-python"
    said = explain(EXAMPLE, sign(signed, SECRET, timestamp=T), SECRET)
    assert said.mistakes[0].id == "json-python"
