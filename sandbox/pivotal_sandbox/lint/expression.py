"""Parts of a statement: operands, calls, arguments."""

from collections.abc import Iterable

from pivotal_sandbox.lint.languages import word_set
from pivotal_sandbox.lint.tokens import Token

_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_ENDS = word_set("&& || , = := ? : ; => ?? ?: { }")
_END_WORDS = word_set(
    """
    return if unless while until when elsif and or not then const let var await throw do
    """
)
_MEMBER = frozenset({".", "->", "?.", "?->", "::"})
_NOTHING = frozenset({"null", "nil", "undefined", "NULL", "true", "false", "nullptr", "None"})


def operand_left(tokens: list[Token], place: int) -> list[Token]:
    """Return what stands to the left of an operator."""
    depth, start = 0, place
    for n in range(place - 1, -1, -1):
        text = tokens[n].text if tokens[n].kind != "text" else ""
        depth += (text in _CLOSE) - (text in _OPEN)
        if depth < 0 or (depth == 0 and _ends(tokens[n])):
            break
        start = n
    return tokens[start:place]


def operand_right(tokens: list[Token], place: int) -> list[Token]:
    """Return what stands to the right of an operator."""
    depth, end = 0, place + 1
    for n in range(place + 1, len(tokens)):
        text = tokens[n].text if tokens[n].kind != "text" else ""
        depth += (text in _OPEN and text != "{") - (text in _CLOSE)
        if depth < 0 or (depth == 0 and _ends(tokens[n])):
            break
        end = n + 1
    return tokens[place + 1 : end]


def called(tokens: list[Token], place: int, *, empty: bool = False) -> list[Token]:
    """Return the arguments of the call at a name; with `empty`, parentheses where there are none.

    Nothing where the name is not called.
    """
    after = place + 1
    while after < len(tokens) and tokens[after].text == "<":
        after = _after_generic(tokens, after)
    if after >= len(tokens) or tokens[after].text != "(" or tokens[after].kind == "text":
        return []
    given = tokens[after + 1 : closing(tokens, after)]
    return given or ([tokens[after]] if empty else [])


def closing(tokens: list[Token], place: int) -> int:
    """Return where what opens at `place` is closed; the end where it is not."""
    depth = 0
    for n in range(place, len(tokens)):
        if tokens[n].kind != "text":
            depth += (tokens[n].text in _OPEN) - (tokens[n].text in _CLOSE)
            if depth == 0:
                return n
    return len(tokens)


def head_of(tokens: list[Token], place: int) -> list[Token]:
    """Return what a method is called on: `a.b(c)` of `a.b(c).d()`."""
    if place == 0 or tokens[place - 1].text not in _MEMBER:
        return []
    depth, start = 0, place - 1
    for n in range(place - 2, -1, -1):
        text = tokens[n].text if tokens[n].kind != "text" else ""
        if depth == 0 and n < place - 2:
            follows = tokens[n + 1].text
            joined = text in _MEMBER or follows in _MEMBER or follows in ("(", "[")
            if not joined or (tokens[n].kind == "sign" and text not in _MEMBER | _CLOSE):
                break
        depth += (text in _CLOSE) - (text in _OPEN)
        if depth < 0:
            break
        start = n
    return tokens[start : place - 1]


def ends_on(tokens: list[Token], place: int, names: Iterable[str]) -> bool:
    """Say whether the dotted name that ends at `place` is one of `names`, or ends in one."""
    text = tokens[place].text
    if text in names:
        return True
    if place > 1 and tokens[place - 1].text in _MEMBER:
        return f"{tokens[place - 2].text}.{text}" in names
    return False


def split_at(tokens: list[Token], *signs: str) -> list[list[Token]]:
    """Return the parts between these signs, but for those inside brackets that are none of them."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        is_sign = token.kind != "text"
        if is_sign and token.text in signs and depth == 0:
            parts.append([])
            continue
        if is_sign:
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
        parts[-1].append(token)
    return parts


def is_constant(tokens: list[Token]) -> bool:
    """Say whether an expression says nothing that an attacker could learn."""
    last = tokens[-1]
    if last.kind == "name" and last.text in _NOTHING:
        return True
    if len(tokens) == 1:
        return last.kind in ("text", "number") or last.text.isupper()
    return all(token.kind in ("text", "number", "sign") for token in tokens)


def _ends(token: Token) -> bool:
    return (token.kind == "sign" and token.text in _ENDS) or (
        token.kind == "name" and token.text in _END_WORDS
    )


def _after_generic(tokens: list[Token], place: int) -> int:
    """Return where `<Type>` after a name is over; the end where it is none."""
    for n in range(place + 1, min(place + 6, len(tokens))):
        if tokens[n].text == ">":
            return n + 1
    return len(tokens)
