from pivotal_sandbox.lint.expression import (
    called,
    closing,
    ends_on,
    head_of,
    is_constant,
    operand_left,
    operand_right,
    split_at,
)
from pivotal_sandbox.lint.languages import BY_SUFFIX
from pivotal_sandbox.lint.tokens import Token, tokens_of


def cut(text: str) -> list[Token]:
    return tokens_of(text, BY_SUFFIX[".js"])


def place(tokens: list[Token], text: str) -> int:
    return next(n for n, token in enumerate(tokens) if token.text == text)


def text(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens)


def test_operands_end_where_less_binding_signs_and_words_stand() -> None:
    tokens = cut("if (ok && a.b(c, d) === e[0].f || g) return")
    middle = place(tokens, "===")
    assert text(operand_left(tokens, middle)) == "a.b(c,d)"
    assert text(operand_right(tokens, middle)) == "e[0].f"
    tokens = cut("return a === b ? c : d")
    assert text(operand_left(tokens, 2)) == "a"
    assert text(operand_right(tokens, 2)) == "b"


def test_operands_of_a_sign_alone_are_nothing() -> None:
    assert operand_left(cut("=== b"), 0) == []
    assert operand_right(cut("a ==="), 1) == []


def test_a_call_has_arguments() -> None:
    tokens = cut("f(a, g(b)) + h")
    assert text(called(tokens, 0)) == "a,g(b)"
    assert called(tokens, len(tokens) - 1) == []
    assert text(called(cut("f<Type>(a)"), 0)) == "a"
    assert called(cut("f < g"), 0) == []
    assert called(cut("f()"), 0) == []
    assert text(called(cut("f()"), 0, empty=True)) == "("


def test_an_open_bracket_ends_with_the_statement() -> None:
    tokens = cut("f(a, (b")
    assert closing(tokens, 1) == len(tokens)


def test_a_method_is_called_on_all_that_stands_before_its_dot() -> None:
    tokens = cut("x = a.b(c).d[0].e(f)")
    assert text(head_of(tokens, place(tokens, "e"))) == "a.b(c).d[0]"
    assert head_of(tokens, 0) == []
    tokens = cut("(a.b)")
    assert text(head_of(tokens, place(tokens, "b"))) == "a"


def test_a_dotted_name_is_known_by_its_end() -> None:
    tokens = cut("a.b.c")
    assert ends_on(tokens, 4, {"b.c"})
    assert ends_on(tokens, 4, {"c"})
    assert not ends_on(tokens, 4, {"a.c", "b"})


def test_parts_are_split_outside_of_brackets() -> None:
    assert [text(part) for part in split_at(cut("a, f(b, c), [d, e]"), ",")] == [
        "a",
        "f(b,c)",
        "[d,e]",
    ]


def test_what_an_attacker_knows_is_constant() -> None:
    for constant in ("null", "'x'", "1", "-1", "VERSION", "undefined"):
        assert is_constant(cut(constant)), constant
    for variable in ("a", "a + 'x'", "f(1)"):
        assert not is_constant(cut(variable)), variable
