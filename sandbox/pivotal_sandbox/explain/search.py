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
from pivotal_sandbox.explain.mistakes.message import MESSAGE_MISTAKES, SigningInputs, valid_affixes
from pivotal_sandbox.explain.mistakes.mistake import Mistake

SINGLE_ONLY = "other-timestamp"  # hundreds of timestamps: too many to try together with others
_MAC_COST = 512  # bytes: what a MAC costs besides its message
_NOT_APPLICABLE = (ValueError, OverflowError, RecursionError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: mistakes at once, bytes hashed in all, the longest body parsed."""

    mistake_count: int
    hashed: int
    parsed: int


PATIENT = Effort(mistake_count=3, hashed=2 * 1024**3, parsed=1024**2)
BRIEF = Effort(mistake_count=1, hashed=4 * 1024**2, parsed=32 * 1024)
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
    signing: SigningInputs
    others: Mapping[str, str]


def valid_digests(inputs: Inputs) -> Iterator[bytes]:
    """Yield the digests that a right signature has, one for each secret."""
    message = valid_affixes(inputs.signing).before.encode() + inputs.body
    return (hmac_sha256(secret.encode(), message) for secret in inputs.secrets)


def search(
    digests: Collection[bytes], inputs: Inputs, effort: Effort
) -> tuple[bytes, tuple[Candidate, ...]] | None:
    """Return one of the digests and what makes it, the fewest mistakes first, if that is known."""
    budget = _Budget(effort.hashed)
    parts = _SignatureParts(inputs, effort, budget)
    for mistake_count in range(1, effort.mistake_count + 1):
        for wrong in combinations(range(len(parts.right)), mistake_count):
            choices = [
                parts.wrong(axis, is_alone=mistake_count == 1)
                if axis in wrong
                else parts.right[axis]
                for axis in range(len(parts.right))
            ]
            for candidates in product(*choices):
                key, affixes, body, digest = candidates
                message = affixes.value.before.encode() + body.value + affixes.value.after.encode()
                if not budget.spend(len(message) + _MAC_COST):
                    return None
                digest_value = digest.value(key.value, message)
                if digest_value in digests:
                    # In the order of the sentence: over what, with what, by what, keyed how.
                    ordered = (body, affixes, digest, key)
                    return digest_value, tuple(
                        candidate for candidate in ordered if candidate.mistake
                    )
    return None


class _Budget:
    """Counts down the bytes that may be hashed or rewritten."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, bytes: int) -> bool:
        self._left -= bytes
        return self._left >= 0


class _SignatureParts:
    """The four parts of a signature, right and wrong; what is wrong is made when first needed."""

    def __init__(self, inputs: Inputs, effort: Effort, budget: _Budget) -> None:
        self._inputs = inputs
        self._effort = effort
        self._budget = budget
        self._wrong: dict[int, tuple[Candidate, ...]] = {}
        self._generators: tuple[Callable[[], Iterable[Candidate]], ...] = (
            self._wrong_keys,
            self._wrong_affixes,
            self._wrong_bodies,
            self._wrong_digest_functions,
        )
        self.right: tuple[tuple[Candidate, ...], ...] = (
            tuple(Candidate(secret.encode()) for secret in inputs.secrets),
            (Candidate(valid_affixes(inputs.signing)),),
            (Candidate(inputs.body),),
            (Candidate(hmac_sha256),),
        )

    def wrong(self, axis: int, *, is_alone: bool) -> tuple[Candidate, ...]:
        if axis not in self._wrong:
            self._wrong[axis] = _deduplicate(self._generators[axis](), self.right[axis])
        if is_alone:
            return self._wrong[axis]
        return tuple(p for p in self._wrong[axis] if p.mistake and p.mistake.id != SINGLE_ONLY)

    def _wrong_keys(self) -> Iterator[Candidate]:
        for label, secret in self._inputs.others.items():
            for key in _apply_mistake(lambda secret=secret: [secret.encode()]):
                yield Candidate(key, OTHER_SECRET, f"keyed with the secret of {label}")
        for mistake, make in KEY_MISTAKES:
            for secret in self._inputs.secrets:
                for key in _apply_mistake(make, secret):
                    yield Candidate(key, mistake, mistake.does)

    def _wrong_affixes(self) -> Iterator[Candidate]:
        for mistake, make in MESSAGE_MISTAKES:
            for affixes in _apply_mistake(make, self._inputs.signing):
                yield Candidate(affixes, mistake, mistake.does)

    def _wrong_bodies(self) -> Iterator[Candidate]:
        body = self._inputs.body
        is_short = len(body) <= self._effort.parsed
        for mistake, change in (*BODY_MISTAKES, *(BODY_FORMS if is_short else ())):
            if not self._budget.spend(len(body)):
                return
            for changed in _apply_mistake(change, body):
                yield Candidate(changed, mistake, mistake.does)
        if is_short:
            yield from self._reserialized_bodies(body)

    def _reserialized_bodies(self, body: bytes) -> Iterator[Candidate]:
        try:
            value = parsed(body)
        except _NOT_APPLICABLE:
            return
        for mistake, form in JSON_MISTAKES:
            for text in _apply_mistake(form, value):
                for changed in _apply_mistake(lambda text=text: [text.encode()]):
                    yield Candidate(changed, mistake, mistake.does)

    def _wrong_digest_functions(self) -> Iterator[Candidate]:
        for mistake, digests in ALGORITHM_MISTAKES:
            for digest in digests:
                yield Candidate(digest, mistake, mistake.does)


def _apply_mistake(make: Callable[..., Iterable[Any]], *arguments: Any) -> Iterator[Any]:
    """Yield what a mistake makes; where it makes nothing of what is given, there is nothing."""
    try:
        yield from make(*arguments)
    except _NOT_APPLICABLE:
        return


def _deduplicate(
    candidates: Iterable[Candidate], right: tuple[Candidate, ...]
) -> tuple[Candidate, ...]:
    """Return the pieces that differ from the right ones, each once, with what makes the same."""
    valid_values = {candidate.value for candidate in right}
    first_by_value: dict[Any, Candidate] = {}
    alike_by_value: dict[Any, dict[str, None]] = {}
    for candidate in candidates:
        if candidate.value in valid_values:
            continue
        assert candidate.mistake is not None
        first = first_by_value.setdefault(candidate.value, candidate)
        if first.mistake is not candidate.mistake:
            alike_by_value.setdefault(candidate.value, {})[candidate.mistake.id] = None
    return tuple(
        Candidate(
            candidate.value, candidate.mistake, candidate.does, tuple(alike_by_value.get(value, ()))
        )
        for value, candidate in first_by_value.items()
    )
