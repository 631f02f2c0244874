"""Tries mistakes, one and then several at once, until one makes the digest that is asked about."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from pivotal_sandbox.explain.mistakes.algorithm import ALGORITHM_MISTAKES, hmac_sha256
from pivotal_sandbox.explain.mistakes.body import BODY_MISTAKES
from pivotal_sandbox.explain.mistakes.body_forms import BODY_FORMS
from pivotal_sandbox.explain.mistakes.json import JSON_MISTAKES, parsed
from pivotal_sandbox.explain.mistakes.key import KEY_MISTAKES, OTHER_SECRET
from pivotal_sandbox.explain.mistakes.message import MESSAGE_MISTAKES, SigningInputs, right_frame
from pivotal_sandbox.explain.mistakes.mistake import Mistake

ALONE = "other-timestamp"  # hundreds of timestamps: too many to try together with others
_MAC_COST = 512  # bytes: what a MAC costs besides its message
_GIVES_UP = (ValueError, OverflowError, RecursionError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: mistakes at once, bytes hashed in all, the longest body parsed."""

    together: int
    hashed: int
    parsed: int


PATIENT = Effort(together=3, hashed=2 * 1024**3, parsed=1024**2)
BRIEF = Effort(together=1, hashed=4 * 1024**2, parsed=32 * 1024)
"""For requests of strangers, on the event loop: some milliseconds at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One part of a signature as it is made: rightly, or by a mistake.

    `alike` are the ids of other mistakes that make the very same here.
    """

    value: Any
    mistake: Mistake | None = None
    does: str = ""
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a signature is made of; `others` are more secrets, by what they are the secrets of."""

    body: bytes
    secrets: Sequence[str]
    facts: SigningInputs
    others: Mapping[str, str]


def right_digests(inputs: Inputs) -> Iterator[bytes]:
    """Yield the digests that a right signature has, one for each secret."""
    message = right_frame(inputs.facts).before.encode() + inputs.body
    return (hmac_sha256(secret.encode(), message) for secret in inputs.secrets)


def search(
    digests: Collection[bytes], inputs: Inputs, effort: Effort
) -> tuple[bytes, tuple[Candidate, ...]] | None:
    """Return one of the digests and what makes it, the fewest mistakes first, if that is known."""
    budget = _Budget(effort.hashed)
    parts = _Parts(inputs, effort, budget)
    for together in range(1, effort.together + 1):
        for wrong in combinations(range(len(parts.right)), together):
            choices = [
                parts.wrong(axis, is_alone=together == 1) if axis in wrong else parts.right[axis]
                for axis in range(len(parts.right))
            ]
            for pieces in product(*choices):
                key, frame, body, digest = pieces
                message = frame.value.before.encode() + body.value + frame.value.after.encode()
                if not budget.spend(len(message) + _MAC_COST):
                    return None
                made = digest.value(key.value, message)
                if made in digests:
                    # In the order of the sentence: over what, with what, by what, keyed how.
                    ordered = (body, frame, digest, key)
                    return made, tuple(piece for piece in ordered if piece.mistake)
    return None


class _Budget:
    """Counts down the bytes that may be hashed or rewritten."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, bytes: int) -> bool:
        self._left -= bytes
        return self._left >= 0


class _Parts:
    """The four parts of a signature, right and wrong; what is wrong is made when first needed."""

    def __init__(self, inputs: Inputs, effort: Effort, budget: _Budget) -> None:
        self._inputs = inputs
        self._effort = effort
        self._budget = budget
        self._made: dict[int, tuple[Candidate, ...]] = {}
        self._makers: tuple[Callable[[], Iterable[Candidate]], ...] = (
            self._keys,
            self._frames,
            self._bodies,
            self._digests,
        )
        self.right: tuple[tuple[Candidate, ...], ...] = (
            tuple(Candidate(secret.encode()) for secret in inputs.secrets),
            (Candidate(right_frame(inputs.facts)),),
            (Candidate(inputs.body),),
            (Candidate(hmac_sha256),),
        )

    def wrong(self, axis: int, *, is_alone: bool) -> tuple[Candidate, ...]:
        if axis not in self._made:
            self._made[axis] = _distinct(self._makers[axis](), self.right[axis])
        if is_alone:
            return self._made[axis]
        return tuple(p for p in self._made[axis] if p.mistake and p.mistake.id != ALONE)

    def _keys(self) -> Iterator[Candidate]:
        for label, secret in self._inputs.others.items():
            for key in _tried(lambda secret=secret: [secret.encode()]):
                yield Candidate(key, OTHER_SECRET, f"keyed with the secret of {label}")
        for mistake, make in KEY_MISTAKES:
            for secret in self._inputs.secrets:
                for key in _tried(make, secret):
                    yield Candidate(key, mistake, mistake.does)

    def _frames(self) -> Iterator[Candidate]:
        for mistake, make in MESSAGE_MISTAKES:
            for frame in _tried(make, self._inputs.facts):
                yield Candidate(frame, mistake, mistake.does)

    def _bodies(self) -> Iterator[Candidate]:
        body = self._inputs.body
        is_short = len(body) <= self._effort.parsed
        for mistake, change in (*BODY_MISTAKES, *(BODY_FORMS if is_short else ())):
            if not self._budget.spend(len(body)):
                return
            for changed in _tried(change, body):
                yield Candidate(changed, mistake, mistake.does)
        if is_short:
            yield from self._written_again(body)

    def _written_again(self, body: bytes) -> Iterator[Candidate]:
        try:
            value = parsed(body)
        except _GIVES_UP:
            return
        for mistake, form in JSON_MISTAKES:
            for text in _tried(form, value):
                for changed in _tried(lambda text=text: [text.encode()]):
                    yield Candidate(changed, mistake, mistake.does)

    def _digests(self) -> Iterator[Candidate]:
        for mistake, digests in ALGORITHM_MISTAKES:
            for digest in digests:
                yield Candidate(digest, mistake, mistake.does)


def _tried(make: Callable[..., Iterable[Any]], *given: Any) -> Iterator[Any]:
    """Yield what a mistake makes; where it makes nothing of what is given, there is nothing."""
    try:
        yield from make(*given)
    except _GIVES_UP:
        return


def _distinct(pieces: Iterable[Candidate], right: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Return the pieces that differ from the right ones, each once, with what makes the same."""
    known = {piece.value for piece in right}
    found: dict[Any, Candidate] = {}
    alike: dict[Any, dict[str, None]] = {}
    for piece in pieces:
        if piece.value in known:
            continue
        assert piece.mistake is not None
        first = found.setdefault(piece.value, piece)
        if first.mistake is not piece.mistake:
            alike.setdefault(piece.value, {})[piece.mistake.id] = None
    return tuple(
        Candidate(piece.value, piece.mistake, piece.does, tuple(alike.get(value, ())))
        for value, piece in found.items()
    )
