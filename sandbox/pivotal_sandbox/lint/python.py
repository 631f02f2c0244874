"""The lint of Python, by its syntax tree."""

import ast
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

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
    split_words,
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOG = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
_ROUTES = frozenset({"post", "put", "route", "api_route", "api_view"})
_READERS = frozenset({"loads", "parse_raw", "model_validate_json", "get_json"})
_WRITERS = frozenset({"dumps", "str", "repr", "model_dump_json"})
_WRAPPERS = frozenset(
    {
        "str",
        "bytes",
        "b64encode",
        "standard_b64encode",
        "urlsafe_b64encode",
        "hexlify",
        "bytearray",
    }
)


def python_hits(text: str) -> list[Hit]:
    """Return the mistakes of a module; nothing where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        if "hmac" not in text.lower() and not SIGNATURE_HEADER.search(text):
            return []
        reader = _Reader(_tested(tree))
        reader.visit(tree)
        return reader.hits + _timeless(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


@dataclass
class _Names:
    """What variables hold, as far as it was read: a MAC, a parsed body, one written again."""

    macs: set[str] = field(default_factory=set)
    parsed: set[str] = field(default_factory=set)
    written: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "_Names":
        return _Names(set(self.macs), set(self.parsed), dict(self.written))

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.macs.discard(name)
            self.parsed.discard(name)
            self.written.pop(name, None)


class _Reader(ast.NodeVisitor):
    """Reads a module from top to bottom; what a function's names hold is forgotten at its end."""

    def __init__(self, tested: set[str]) -> None:
        self.hits: list[Hit] = []
        self._names = _Names()
        self._tested = tested

    def visit_FunctionDef(self, node: _Function) -> None:
        outer = self._names
        self._names = outer.copy()
        given = {
            arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        }
        self._names.forget(given)
        # The arguments of a route are parsed by the framework; those of a check may be.
        if CHECKING.search(node.name) or any(
            _is_route(decorator) for decorator in node.decorator_list
        ):
            self._names.parsed |= given
        self.generic_visit(node)
        self._names = outer

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        self._assign(node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        if node.value is not None:
            self._assign([node.target], node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self._assign([node.target], node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.generic_visit(node)
        for left, op, right in zip(
            [node.left, *node.comparators], node.ops, node.comparators, strict=False
        ):
            if isinstance(op, ast.Eq | ast.NotEq):
                if self._leaks(left, right) or self._leaks(right, left):
                    sign = "==" if isinstance(op, ast.Eq) else "!="
                    self._hit(node, "constant-time", sign)
            elif isinstance(op, ast.In | ast.NotIn) and self._is_mac(left) and not _constant(right):
                self._hit(node, "constant-time", "in")

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = _name(node.func)
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if self._hashes(node):
            for value in given:
                line = self._serialized_line(value)
                if line:
                    self.hits.append(Hit(line, "reserialized-body", ("This",)))
            for value in given:
                self._check_default(value, None)
        if name == "print" or (name in _LOG and _logs(node.func)):
            for value in given:
                for shown in _describe(value):
                    if names_secret(_name(shown)):
                        self._hit(shown, "secret-logged", f"{name}()", "the secret")
                    elif isinstance(shown, ast.Name) and shown.id in self._names.macs:
                        self._hit(shown, "secret-logged", f"{name}()", "the right signature")

    def _hit(self, node: ast.expr, rule: str, *what: str) -> None:
        self.hits.append(Hit(node.lineno, rule, what))

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        for target in targets:
            self._check_default(value, _name(target))
            if not isinstance(target, ast.Name):
                continue
            mac, parsed, line = (
                self._is_mac(value),
                self._parsed(value),
                self._serialized_line(value),
            )
            self._names.forget([target.id])
            if mac:
                self._names.macs.add(target.id)
            elif line:
                self._names.written[target.id] = line
            elif parsed:
                self._names.parsed.add(target.id)

    def _leaks(self, left: ast.expr, other: ast.expr) -> bool:
        if _constant(left) or _constant(other):
            return False
        if self._is_mac(left):
            return True
        name = _name(other)
        return names_mac(_name(left)) and (names_mac(name) or names_partner(name))

    def _is_mac(self, node: ast.expr) -> bool:
        """Say whether an expression is a MAC that was computed here, in whatever encoding."""
        match node:
            case ast.Name(id=id):
                return id in self._names.macs
            case (
                ast.Await(value=value)
                | ast.FormattedValue(value=value)
                | ast.NamedExpr(value=value)
            ):
                return self._is_mac(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._is_mac(left) or self._is_mac(right)
            case ast.JoinedStr(values=values):
                return any(self._is_mac(value) for value in values)
            case ast.Call(func=func, args=args):
                name = _name(func)
                if name in _WRAPPERS:
                    return any(self._is_mac(arg) for arg in args[:1])
                if _is_hmac(func) or names_signer(name):
                    return True
                return isinstance(func, ast.Attribute) and self._is_mac(func.value)
        return False

    def _hashes(self, node: ast.Call) -> bool:
        """Say whether a call hashes what it is given, or hands it to what does."""
        name = _name(node.func)
        if isinstance(node.func, ast.Attribute) and name == "update":
            return self._is_mac(node.func.value)
        return _is_hmac(node.func) or names_sink(name)

    def _parsed(self, node: ast.expr) -> bool:
        """Say whether an expression holds the body as JSON's values."""
        for part in ast.walk(node):
            match part:
                case ast.Name(id=id) if id in self._names.parsed:
                    return True
                case ast.Attribute(attr="json" | "POST" | "form", value=value):
                    if split_words(_name(value))[-1:] in (["request"], ["req"]):
                        return True
                case ast.Call(func=func) if _name(func) in _READERS:
                    return True
        return False

    def _serialized_line(self, node: ast.expr) -> int:
        """Return the line where a parsed body in this expression is written again, or 0."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self._names.written:
                return self._names.written[part.id]
            if isinstance(part, ast.Call) and _name(part.func) in _WRITERS:
                given = [*part.args[:1]]
                if isinstance(part.func, ast.Attribute):
                    given.append(part.func.value)
                if any(self._parsed(value) for value in given):
                    return part.lineno
        return 0

    def _check_default(self, node: ast.expr, target: str | None) -> None:
        """Note a secret from the environment that has a default; an empty one, unless tested."""
        while isinstance(node, ast.Call) and _name(node.func) in ("encode", "strip"):
            if not isinstance(node.func, ast.Attribute):
                return
            node = node.func.value
        default: ast.expr | None = None
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            default, node = node.values[-1], node.values[0]
        if not isinstance(node, ast.Call) or not _is_environment(node.func) or not node.args:
            return
        if default is None:
            rest = [
                *node.args[1:],
                *(keyword.value for keyword in node.keywords if keyword.arg == "default"),
            ]
            default = rest[0] if rest else None
        variable = node.args[0]
        if (
            isinstance(variable, ast.Constant)
            and SECRET_VARIABLE.search(str(variable.value))
            and isinstance(default, ast.Constant)
            and isinstance(default.value, str | bytes)
            and (default.value or target not in self._tested)
        ):
            self._hit(node, "default-secret", str(variable.value))


def _name(node: ast.AST) -> str:
    """Return the last name of an expression: c of a.b.c, a["c"], a.get("c") or c()."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return name
        case ast.Call(func=func):
            return "" if _name(func) == "len" else _name(func)
    return ""


def _constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Name | ast.Attribute):
        return _name(node).isupper()
    return isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Set | ast.Dict)


def _is_hmac(func: ast.expr) -> bool:
    match func:
        case ast.Attribute(value=ast.Name(id="hmac"), attr="new" | "digest" | "HMAC"):
            return True
    return _name(func) == "HMAC"


def _is_environment(func: ast.expr) -> bool:
    if _name(func) == "getenv":
        return True
    return isinstance(func, ast.Attribute) and func.attr == "get" and _name(func.value) == "environ"


def _is_route(decorator: ast.expr) -> bool:
    func = decorator.func if isinstance(decorator, ast.Call) else decorator
    return _name(func) in _ROUTES


def _logs(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and split_words(_name(func.value))[:1] in (
        ["log"],
        ["logger"],
        ["logging"],
    )


def _describe(node: ast.expr) -> list[ast.expr]:
    """Return the expressions whose text becomes part of what is printed."""
    match node:
        case ast.Name() | ast.Attribute():
            return [node]
        case ast.JoinedStr(values=values) | ast.Tuple(elts=values):
            return [shown for value in values for shown in _describe(value)]
        case ast.FormattedValue(value=value):
            return _describe(value)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right):
            return _describe(left) + _describe(right)
        case ast.Call(func=ast.Attribute(attr="format"), args=args):
            return [shown for value in args for shown in _describe(value)]
    return []


def _tested(tree: ast.AST) -> set[str]:
    """Return the names that are asked for emptiness somewhere."""
    asked: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                asked.append(test)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                asked.append(operand)
            case ast.BoolOp(values=values) | ast.comprehension(ifs=values):
                asked += values
            case ast.Compare(left=left, comparators=[ast.Constant()]):
                asked.append(left)
            case ast.Call(func=ast.Name(id="bool" | "len"), args=[value]):
                asked.append(value)
    return {
        _name(expression)
        for expression in asked
        if isinstance(expression, ast.Name | ast.Attribute)
    }


def _timeless(tree: ast.AST) -> list[Hit]:
    """Return the first MAC of a module that handles the header and never asks for the time."""
    lines, header = [], False
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                header = header or bool(SIGNATURE_HEADER.search(text))
            case ast.Call(func=func) if _is_hmac(func):
                lines.append(node.lineno)
            case ast.Call(func=func) if _name(func) == "time":
                return []
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                if names_clock(name):
                    return []
            case ast.keyword(arg=str(name)) if names_clock(name):
                return []
    return [Hit(min(lines), "no-timestamp-check", ("The signature",))] if header and lines else []
