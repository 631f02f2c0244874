"""What is tried, in which order, and how much of it."""

import pytest
from tests.explain.mistaken import BODY, SECRET, T, digest

from pivotal_sandbox.explain.mistakes.message import signing_inputs
from pivotal_sandbox.explain.search import BRIEF, PATIENT, Effort, Inputs, search, valid_digests

INPUTS = Inputs(BODY, [SECRET], signing_inputs(str(T), BODY, []), {})


def found(made: bytes, inputs: Inputs = INPUTS, effort: Effort = PATIENT) -> list[str]:
    result = search([made], inputs, effort)
    if result is None:
        return []
    assert result[0] == made
    return [piece.mistake.id for piece in result[1] if piece.mistake]


def test_a_right_signature_is_the_digest_for_each_secret() -> None:
    inputs = Inputs(BODY, ["a", "b"], INPUTS.signing, {})
    assert list(valid_digests(inputs)) == [digest(BODY, b"a"), digest(BODY, b"b")]


@pytest.mark.parametrize(
    ("made", "ids"),
    [
        (digest(BODY.strip(), before=""), ["newline-removed", "no-timestamp"]),
        (
            digest(b"[object Object]", SECRET[6:].encode(), before=""),
            ["text-js-object", "no-timestamp", "key-no-prefix"],
        ),
        (
            digest(BODY, f"{SECRET}\n".encode(), before="", name="sha1"),
            ["no-timestamp", "sha-1", "key-whitespace"],
        ),
    ],
)
def test_up_to_three_mistakes_at_once_are_found_in_the_order_of_a_sentence(
    made: bytes, ids: list[str]
) -> None:
    assert found(made) == ids
    assert found(made, effort=BRIEF) == []


def test_four_mistakes_at_once_are_not_tried() -> None:
    made = digest(BODY.strip(), SECRET[6:].encode(), before="", name="sha1")
    assert found(made) == []


def test_what_may_be_hashed_is_bounded() -> None:
    made = digest(BODY, before="")
    assert found(made, effort=Effort(1, 20_000, 0)) == []
    assert found(made, effort=Effort(1, 200_000, 0)) == ["no-timestamp"]


def test_a_body_is_not_changed_any_more_when_what_may_be_hashed_is_used_up() -> None:
    body = b"x" * 10_000
    inputs = Inputs(body, [SECRET], signing_inputs(str(T), body, []), {})
    made = digest(body[512 * 18 :], before="")  # nothing that is tried
    for hashed in range(5_000_000, 9_000_000, 200_000):
        assert found(made, inputs, Effort(1, hashed, 0)) == []


def test_a_long_body_is_not_parsed() -> None:
    made = digest(b"[object Object]")
    assert found(made, effort=Effort(1, 10**9, len(BODY))) == ["text-js-object"]
    assert found(made, effort=Effort(1, 10**9, len(BODY) - 1)) == []
    changed = digest(BODY.strip())
    assert found(changed, effort=Effort(1, 10**9, 0)) == ["newline-removed"]
    assert found(changed, effort=Effort(1, 700 * (len(BODY) + 512), 0)) == []


def test_without_a_secret_nothing_is_found() -> None:
    assert found(digest(BODY, b""), Inputs(BODY, [], INPUTS.signing, {})) == []
