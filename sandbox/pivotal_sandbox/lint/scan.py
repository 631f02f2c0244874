"""The lint of all languages but Python, by their tokens: statement for statement, top to bottom."""

from itertools import pairwise

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
from pivotal_sandbox.lint.languages import Language, word_set
from pivotal_sandbox.lint.rules import (
    CHECKING,
    SECRET_VARIABLE,
    SIGNATURE_HEADER,
    Hit,
    names_clock,
    names_mac,
    names_partner,
    names_secret,
    names_signer,
    names_sink,
)
from pivotal_sandbox.lint.tokens import Token, statements_of, tokens_of

_EQUAL = frozenset({"==", "!=", "===", "!=="})
_EQUALS = word_set(
    """
    equals equalsIgnoreCase contentEquals Arrays.equals Objects.equals strcmp strcasecmp
    bytes.Equal bytes.Compare strings.EqualFold strings.Compare reflect.DeepEqual eql? equal?
    localeCompare compareTo Buffer.compare SequenceEqual
    """
)
_CONTAINS = word_set("includes include? in_array contains slices.Contains indexOf")
_LOGS = word_set(
    """
    console.log console.info console.warn console.error console.debug log.Print log.Printf
    log.Println fmt.Print fmt.Printf fmt.Println slog.Info slog.Error slog.Debug slog.Warn
    error_log print_r var_dump puts println System.out.println Console.WriteLine
    """
)
_LEVELS = word_set("trace debug info warn warning error")
_DEFAULTING = frozenset({"||", "??", "?:", ","})
_ENVIRONMENT = word_set(
    """
    process.env env ENV getenv $_ENV $_SERVER getOrDefault GetEnvironmentVariable
    """
)
_CONTROL = word_set(
    """
    if for while switch catch else return foreach elsif elseif unless until when do try
    """
)
_FALLIBLE = frozenset({"err", "_", "ok", "error"})
_SIZES = word_set("length size byteLength bytesize count Count Length len strlen typeof")
_EMPTINESS = word_set("empty? blank? isempty isblank isnullorempty length size isnotempty present?")
_SAFE = word_set(
    """
    timingSafeEqual hash_equals isEqual secure_compare fixed_length_secure_compare
    ConstantTimeCompare FixedTimeEquals Equal verify empty isset
    """
)


def scan(text: str, language: Language) -> list[Hit]:
    """Return the mistakes of a source."""
    if "hmac" not in text.lower() and not SIGNATURE_HEADER.search(text):
        return []
    tokens = tokens_of(text, language)
    scanner = _Scanner(language, [token for token in tokens if token.kind != "line"])
    for statement in statements_of(tokens):
        scanner.read(statement)
    return scanner.hits + scanner.timeless()


class _Scanner:
    """Reads statements in order, and remembers what variables hold."""

    def __init__(self, language: Language, tokens: list[Token]) -> None:
        self.hits: list[Hit] = []
        self._language = language
        self._all = tokens
        self._macs: set[str] = set()
        self._objects: set[str] = set()
        self._parsed: set[str] = set()
        self._written: dict[str, int] = {}

    def read(self, statement: list[Token]) -> None:
        """Note the mistakes of a statement, then what it assigns."""
        self._enter(statement)
        self._fill(statement)
        for place, token in enumerate(statement):
            if token.text in _EQUAL and token.kind == "sign":
                one, other = operand_left(statement, place), operand_right(statement, place)
                if self._leaks(one, other) or self._leaks(other, one):
                    self._hit(token, "constant-time", token.text)
            elif token.kind == "name":
                self._read_call(statement, place)
        self._read_default(statement)
        self._assign(statement)

    def timeless(self) -> list[Hit]:
        """Return the first MAC of a source that handles the header and never asks for the time."""
        header = any(one.kind == "text" and SIGNATURE_HEADER.search(one.text) for one in self._all)
        macs = [place for place, one in enumerate(self._all) if self._computes_at(self._all, place)]
        timed = any(
            names_clock(one.text) or one.text in ("time", "Time")
            for one in self._all
            if one.kind == "name"
        )
        if not header or not macs or timed:
            return []
        return [Hit(self._all[macs[0]].line, "no-timestamp-check", ("The signature",))]

    def _hit(self, token: Token, rule: str, *what: str) -> None:
        self.hits.append(Hit(token.line, rule, what))

    def _enter(self, statement: list[Token]) -> None:
        """Where a function begins, forget what its arguments' names held before."""
        opens = next((place for place, one in enumerate(statement) if one.text == "("), None)
        first = statement[0].text
        defines = first in ("function", "def", "func", "fun") or statement[-1].text == "{"
        if opens is None or not defines or first in _CONTROL:
            return
        closes = closing(statement, opens)
        given = statement[opens + 1 : closes]
        self._forget({one.text for one in given if one.kind == "name"})
        for argument in split_at(given, ","):
            names = [one.text for one in argument if one.kind == "name"]
            raw = {"byte", "String", "string", "Buffer"} & set(names)
            if names and "@RequestBody" in names and not raw:
                self._parsed.add(names[-1])
        if any(CHECKING.search(one.text) for one in statement[:opens] if one.kind == "name"):
            self._parsed |= {one.text for one in given if one.kind == "name"}

    def _fill(self, statement: list[Token]) -> None:
        """Note what a body is parsed into by its address."""
        for place, token in enumerate(statement):
            if token.text in self._language.fillers:
                given = called(statement, place)
                self._parsed |= {
                    name.text
                    for sign, name in pairwise(given)
                    if sign.text == "&" and name.kind == "name"
                }

    def _read_call(self, statement: list[Token], place: int) -> None:
        token, given = statement[place], called(statement, place)
        if not given:
            return
        arguments = split_at(given, ",")
        receiver = head_of(statement, place)
        if ends_on(statement, place, _EQUALS):
            pair = (arguments[0], arguments[1]) if len(arguments) > 1 else (receiver, arguments[0])
            if self._leaks(*pair) or self._leaks(*reversed(pair)):
                self._hit(token, "constant-time", f"{token.text}()")
        elif ends_on(statement, place, _CONTAINS):
            if self._is_mac(arguments[0]):
                self._hit(token, "constant-time", f"{token.text}()")
        elif self._hashes(statement, place):
            for argument in arguments:
                if line := self._written_at(argument):
                    self.hits.append(Hit(line, "reserialized-body", ("This",)))
        elif ends_on(statement, place, _LOGS) or self._is_logger(statement, place):
            joins = ("+", self._language.join)
            for part in (part for argument in arguments for part in split_at(argument, *joins)):
                inner = part[1:-1] if part[:1] and part[0].text == "(" else part
                name = inner[-1].text if inner and all(_is_path(one) for one in inner) else ""
                if names_secret(name):
                    self._hit(token, "secret-logged", f"{token.text}()", "the secret")
                elif name in self._macs:
                    self._hit(token, "secret-logged", f"{token.text}()", "the right signature")

    def _is_logger(self, statement: list[Token], place: int) -> bool:
        head = head_of(statement, place)
        return (
            statement[place].text in _LEVELS
            and bool(head)
            and head[-1].text.lower().lstrip("$@") in ("log", "logger")
        )

    def _leaks(self, one: list[Token], other: list[Token]) -> bool:
        if not one or not other or is_constant(one) or is_constant(other):
            return False
        if self._is_mac(one):
            return True
        name = _value(other)
        return names_mac(_value(one)) and (names_mac(name) or names_partner(name))

    def _is_mac(self, tokens: list[Token]) -> bool:
        """Say whether an expression is a MAC that was computed here, in whatever encoding."""
        names = {token.text for token in tokens if token.kind == "name"}
        if names & (_SIZES | _SAFE) or any(token.text in _EQUAL for token in tokens):
            return False
        return any(
            self._computes_at(tokens, place) or token.text in self._macs
            for place, token in enumerate(tokens)
            if token.kind == "name"
        )

    def _computes_at(self, tokens: list[Token], place: int) -> bool:
        token = tokens[place]
        if token.kind != "name" or place + 1 >= len(tokens) or tokens[place + 1].text != "(":
            return False
        defined = place > 0 and tokens[place - 1].text in ("function", "def", "func", "fun")
        if defined or ends_on(tokens, place, self._language.objects):
            return False
        if not ends_on(tokens, place, self._language.macs):
            return names_signer(token.text) and (place == 0 or tokens[place - 1].text != ".")
        if token.text not in ("digest", "Sum"):
            return True
        head = {one.text for one in head_of(tokens, place)}
        return bool(head & (self._objects | {"createHmac", "HMAC"}))

    def _hashes(self, statement: list[Token], place: int) -> bool:
        """Say whether a call hashes what it is given, or hands it to what does."""
        if ends_on(statement, place, self._language.feeders):
            head = {one.text for one in head_of(statement, place)}
            alone = statement[place].text in ("hash_hmac", "HashData", "ComputeHash")
            return alone or bool(head & (self._objects | {"createHmac", "HMAC"}))
        return names_sink(statement[place].text) and not ends_on(
            statement, place, self._language.objects
        )

    def _is_parsed(self, tokens: list[Token]) -> bool:
        language = self._language
        return any(
            (
                token.text in self._parsed
                and not (place and tokens[place - 1].text in (".", "->", "?."))
            )
            or ends_on(tokens, place, language.sources)
            or (
                ends_on(tokens, place, language.readers) and bool(called(tokens, place, empty=True))
            )
            for place, token in enumerate(tokens)
            if token.kind == "name"
        )

    def _written_at(self, tokens: list[Token]) -> int:
        """Return the line where a parsed body in this expression is written again, or 0."""
        for place, token in enumerate(tokens):
            if token.kind != "name":
                continue
            if token.text in self._written:
                return self._written[token.text]
            if ends_on(tokens, place, self._language.writers):
                given = called(tokens, place) + head_of(tokens, place)
                if self._is_parsed(given):
                    return token.line
        return 0

    def _assign(self, statement: list[Token]) -> None:
        place = next((n for n, one in enumerate(statement) if one.text in ("=", ":=")), None)
        if place is None:
            return
        value = statement[place + 1 :]
        mac, parsed, line = self._is_mac(value), self._is_parsed(value), self._written_at(value)
        object_ = any(
            ends_on(value, n, self._language.objects)
            for n, one in enumerate(value)
            if one.kind == "name"
        )
        for target in split_at(statement[:place], ","):
            names = [one.text for one in split_at(target, ":")[0] if one.kind == "name"]
            if not names or names[-1] in _FALLIBLE:
                continue
            self._forget({names[-1]})
            if mac:
                self._macs.add(names[-1])
            elif line:
                self._written[names[-1]] = line
            elif object_:
                self._objects.add(names[-1])
            elif parsed:
                self._parsed.add(names[-1])

    def _forget(self, names: set[str]) -> None:
        self._macs -= names
        self._objects -= names
        self._parsed -= names
        for name in names:
            self._written.pop(name, None)

    def _read_default(self, statement: list[Token]) -> None:
        """Note a secret from the environment that has a default; an empty one, unless tested."""
        asks = {one.text for one in statement} & _ENVIRONMENT or any(
            ends_on(statement, place, _ENVIRONMENT) or one.text == "fetch"
            for place, one in enumerate(statement)
            if one.kind == "name"
        )
        texts = [one.text for one in statement]
        given = next((place for place, text in enumerate(texts) if text in ("=", ":=")), 0)
        for place, token in enumerate(statement):
            if not asks or token.kind == "sign" or not SECRET_VARIABLE.search(token.text):
                continue
            rest = [one for one in statement[place + 1 : place + 4] if one.text not in (")", "]")]
            if len(rest) < 2 or rest[0].text not in _DEFAULTING or rest[1].kind != "text":
                continue
            tested = "filter" in texts or (given > 0 and self._tested(texts[given - 1]))
            if rest[1].text or not tested:
                self._hit(token, "default-secret", token.text)

    def _tested(self, name: str) -> bool:
        """Say whether somebody asks if this variable is empty."""
        for place, token in enumerate(self._all):
            if token.text != name or token.kind != "name":
                continue
            before = [one.text for one in self._all[max(place - 2, 0) : place]]
            after = [one.text for one in self._all[place + 1 : place + 3]]
            if before[-1:] in (["!"], ["not"], ["if"], ["unless"], ["&&"]) or after[:1] == ["&&"]:
                return True
            if before[-1:] == ["("] and before[:1] in (["if"], ["empty"], ["strlen"]):
                return True
            if after[:1] == [","] or not after:
                continue
            if after[0] in _EQUAL or after[-1].lower() in _EMPTINESS:
                return True
        return False


def _is_path(token: Token) -> bool:
    """Say whether a token is part of the way to a value: `this.config.secret`."""
    return token.kind == "name" or token.text in (".", "->", "::", "?.")


def _value(tokens: list[Token]) -> str:
    """Return the name of what an expression is; of headers["x"] and get("x") it is x."""
    names = [token.text for token in tokens if token.kind == "name"]
    if not _SIZES.isdisjoint(names):
        return ""
    if tokens and tokens[-1].text in ("]", ")") and len(tokens) > 2 and tokens[-2].kind == "text":
        return tokens[-2].text
    return names[-1] if names else ""
