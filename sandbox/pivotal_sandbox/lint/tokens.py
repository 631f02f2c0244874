"""A source cut into tokens, without comments, and statements of them."""

import re
from dataclasses import dataclass
from typing import Literal

from pivotal_sandbox.lint.languages import Language, Quote, word_set

Kind = Literal["name", "number", "text", "sign", "line"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token; of a text what stands between its quotes, and `line` is a line's end."""

    kind: Kind
    text: str
    line: int


_NAME = re.compile(r"(?:\$|@@?)?[^\W\d][\w$]*(?:[?!](?![=.?]))?")
_NUMBER = re.compile(r"\d[\w.]*")
_SIGN = re.compile(
    r"===|!==|<=>|\?\?=|\|\|=|\?->|[=!<>+*/.:-]=|&&|\|\||\?\?|\?:|\?\.|->|=>|::|.", re.S
)
_BLANK = re.compile(r"[^\S\n]+")
_REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*")
_HEREDOC = re.compile(r"<<<?[~-]?([\"']?)([A-Z_]\w*)\1")
_BEFORE_REGEX = word_set("( , = : [ ! & | ? { } ; => && || == === != !==")
_BEFORE_REGEX_WORDS = frozenset({"return", "if", "unless", "when", "and", "or", "typeof"})
_GOES_ON = word_set(
    """
    ( [ , = := == === != !== && || ?? ?: ? : + - * . ?. -> ?-> :: => < > and or not
    """
)
_CONTINUES = word_set(". ?. -> ?-> :: && || ?? ?: ? : + == === != !== ) ]")
_DEEPEST = 8  # texts in code in texts; nobody writes more


def tokens_of(text: str, language: Language) -> list[Token]:
    """Return the tokens of a source. What stands inside a text as code comes in parentheses."""
    return _Cutter(text, language).cut(0, len(text), depth=0)


def statements_of(tokens: list[Token]) -> list[list[Token]]:
    """Return the statements: what stands between braces, semicolons and lines that are over.

    A statement that opens a block ends with its `{`.
    """
    statements: list[list[Token]] = [[]]
    open_, outer = 0, []
    for place, token in enumerate(tokens):
        last = statements[-1]
        if token.kind == "line":
            ended = last and last[-1].text not in _GOES_ON and open_ <= 0
            if ended and not _continues(tokens, place):
                statements.append([])
            continue
        if token.kind != "sign":
            last.append(token)
        elif token.text == "{":
            last.append(token)
            outer.append(open_)
            open_ = 0
            statements.append([])
        elif token.text == "}":
            open_ = outer.pop() if outer else 0
            statements.append([])
        elif token.text == ";":
            statements.append([])
        else:
            open_ += (token.text in "([") - (token.text in ")]")
            last.append(token)
    return [statement for statement in statements if statement]


def _continues(tokens: list[Token], place: int) -> bool:
    """Say whether the first token on the lines to come takes the statement further."""
    while place < len(tokens) and tokens[place].kind == "line":
        place += 1
    return place < len(tokens) and tokens[place].text in _CONTINUES


class _Cutter:
    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language

    def cut(self, place: int, end: int, *, depth: int) -> list[Token]:
        text, language = self._text, self._language
        tokens: list[Token] = []
        heredocs: list[str] = []
        if language.starts_at and depth == 0:
            begins = text.find(language.starts_at)
            place = end if begins < 0 else begins + len(language.starts_at)
        line = text.count("\n", 0, place) + 1
        while place < end:
            start = place
            if comment := self._comment(place):
                place = comment
            elif blank := _BLANK.match(text, place, end):
                place = blank.end()
            elif text[place] == "\n":
                tokens.append(Token("line", "\n", line))
                place += 1
                while heredocs:
                    place = self._after(heredocs.pop(0), place)
            elif (found := self._heredoc(place)) is not None:
                heredocs.append(found[2])
                tokens.append(Token("text", "", line))
                place = found.end()
            elif quote := self._quote(place):
                place = self._cut_text(quote, place, end, tokens, line, depth)
            elif language.regexes and text[place] == "/" and _may_be_regex(tokens):
                regex = _REGEX.match(text, place, end)
                tokens.append(Token("text" if regex else "sign", "", line))
                place = regex.end() if regex else place + 1
            elif name := _NAME.match(text, place, end):
                tokens.append(Token("name", name[0], line))
                place = name.end()
            elif number := _NUMBER.match(text, place, end):
                tokens.append(Token("number", number[0], line))
                place = number.end()
            else:
                sign = _SIGN.match(text, place, end)
                tokens.append(Token("sign", sign[0] if sign else text[place], line))
                place = sign.end() if sign else place + 1
            line += text.count("\n", start, place)
        return tokens

    def _comment(self, place: int) -> int:
        """Return where a comment that begins here ends; 0 where there is none."""
        text, language = self._text, self._language
        for open_, close in language.block_comments:
            if text.startswith(open_, place):
                end = text.find(close, place + len(open_))
                return len(text) if end < 0 else end + len(close)
        for open_ in language.line_comments:
            if text.startswith(open_, place):
                end = text.find("\n", place)
                return len(text) if end < 0 else end
        return 0

    def _quote(self, place: int) -> Quote | None:
        for quote in self._language.quotes:
            if self._text.startswith(quote.open, place):
                return quote
        return None

    def _heredoc(self, place: int) -> re.Match[str] | None:
        mark = self._language.heredoc
        return _HEREDOC.match(self._text, place) if mark and self._text[place] == "<" else None

    def _after(self, name: str, place: int) -> int:
        """Return where the line that ends a heredoc is over."""
        found = re.compile(rf"^[ \t]*{re.escape(name)}\b", re.MULTILINE).search(self._text, place)
        return found.end() if found else len(self._text)

    def _cut_text(
        self, quote: Quote, place: int, end: int, tokens: list[Token], line: int, depth: int
    ) -> int:
        """Add the tokens of a text, with those of the code inside it; return where it is over."""
        text = self._text
        start = place = place + len(quote.open)
        inner: list[tuple[int, int]] = []
        while place < end:
            if quote.escapes and text[place] == "\\":
                place += 2
            elif text.startswith(quote.close, place):
                break
            elif quote.inner and text.startswith(quote.inner, place):
                closed = self._closing(place + len(quote.inner), end)
                inner.append((place + len(quote.inner), closed))
                place = closed + 1
            elif text[place] == "\n" and not quote.lines:
                break
            else:
                place += 1
        place = min(place, end)
        tokens.append(Token("text", text[start:place], line))
        for begins, ends in inner if depth < _DEEPEST else []:
            here = line + text.count("\n", start, begins)
            tokens += [Token("sign", "+", here), Token("sign", "(", here)]
            inside = self.cut(begins, ends, depth=depth + 1)
            tokens += [token for token in inside if token.kind != "line"]
            tokens.append(Token("sign", ")", here))
        return place + len(quote.close) if text.startswith(quote.close, place) else place

    def _closing(self, place: int, end: int) -> int:
        """Return where the brace stands that closes the code inside a text."""
        open_ = 0
        while place < end:
            if self._text[place] == "{":
                open_ += 1
            elif self._text[place] == "}":
                if open_ == 0:
                    return place
                open_ -= 1
            place += 1
        return end


def _may_be_regex(tokens: list[Token]) -> bool:
    """Say whether a slash after these tokens begins a pattern, and divides nothing."""
    last = next((token for token in reversed(tokens) if token.kind != "line"), None)
    if last is None or last.kind == "sign":
        return last is None or last.text in _BEFORE_REGEX
    return last.text in _BEFORE_REGEX_WORDS
