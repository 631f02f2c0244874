import pytest

from pivotal_sandbox.lint.languages import BY_SUFFIX
from pivotal_sandbox.lint.tokens import statements_of, tokens_of


def cut(text: str, suffix: str = ".js") -> list[str]:
    """Return the tokens of a source, texts as `'text'`."""
    return [
        repr(token.text) if token.kind == "text" else token.text
        for token in tokens_of(text, BY_SUFFIX[suffix])
        if token.kind != "line"
    ]


def statements(text: str, suffix: str = ".js") -> list[str]:
    found = statements_of(tokens_of(text, BY_SUFFIX[suffix]))
    return [" ".join(token.text for token in statement) for statement in found]


def test_names_numbers_and_signs_are_apart() -> None:
    assert cut("a.b$ !== 0x1f") == ["a", ".", "b$", "!==", "0x1f"]
    assert cut("x.empty? && y", ".rb") == ["x", ".", "empty?", "&&", "y"]
    assert cut("<?php $a->b === 'c'", ".php") == ["php", "$a", "->", "b", "===", "'c'"]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".js", "a // b's\n/* c\n d */ e"),
        (".php", "<?a # b's\n/* c */ e"),
        (".rb", "a # b's\n=begin\nc\n=end\ne"),
        (".go", 'a // "b\ne'),
    ],
)
def test_comments_are_left_out(suffix: str, text: str) -> None:
    assert cut(text, suffix) == ["a", "e"]


def test_a_token_knows_its_line() -> None:
    tokens = tokens_of("a\n/* x\n */ b `c\n${d}` e", BY_SUFFIX[".js"])
    lines = {token.text: token.line for token in tokens if token.kind == "name"}
    assert lines == {"a": 1, "b": 3, "d": 4, "e": 4}


def test_a_text_is_one_token_whatever_it_holds() -> None:
    assert cut(r"""'a\'b == c' "d'e" """) == [r'''"a\\'b == c"''', '"d\'e"']
    assert cut('"""a "b" c""" d', ".java") == ["'a \"b\" c'", "d"]
    assert cut(r"`\` a", ".go") == [repr("\\"), "a"]


def test_an_open_text_ends_with_its_line_where_the_language_says_so() -> None:
    assert cut("<p>it's</p>\na") == ["<", "p", ">", "it", "'s</p>'", "a"]


def test_code_inside_a_text_is_code_in_parentheses() -> None:
    assert cut("`a${b({c: 1})}d`") == ["'a${b({c: 1})}d'", "+", "(", *"b({c:1})", ")"]
    assert cut('"#{a + "#{b}"}"', ".rb")[1:4] == ["+", "(", "a"]
    assert cut("`${`") == ["'${`'", "+", "(", "''", ")"]


def test_a_pattern_is_a_text_and_a_division_is_none() -> None:
    assert cut("a = /[/'\"]\\//g; b") == ["a", "=", "''", ";", "b"]
    assert cut("a / b / c") == ["a", "/", "b", "/", "c"]
    assert cut("x = /\n a") == ["x", "=", "", "a"]


def test_a_heredoc_is_a_text() -> None:
    assert cut("a(<<~SQL)\n it's\n SQL\nb", ".rb") == ["a", "(", "''", ")", "b"]
    assert cut("<?$a = <<<'X'\n it's\n X;\n$b", ".php") == ["$a", "=", "''", ";", "$b"]
    assert cut("a << B\nc", ".rb") == ["a", "<", "<", "B", "c"]


def test_php_begins_with_its_mark() -> None:
    assert cut("it's <b> <?php $a", ".php") == ["php", "$a"]
    assert cut("it's no php", ".php") == []


def test_a_statement_ends_where_its_language_says() -> None:
    assert statements("a = 1; b\nc") == ["a = 1", "b", "c"]
    assert statements("f((x) => {\n a\n})\nb") == ["f ( ( x ) => {", "a", ")", "b"]


def test_a_statement_goes_on_over_lines_that_are_not_over() -> None:
    assert statements("a =\n b\n  .c()\n  .d(\n e,\n f)\ng") == ["a = b . c ( ) . d ( e , f )", "g"]
    assert statements("}}\na") == ["a"]
