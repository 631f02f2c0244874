"""The house rules, kept by machine: floors, cycles, a `core/` without I/O, files of one noun."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "sandbox"
PACKAGE = "pivotal_sandbox"
FRONT_DOOR = "(the public names)"

# A floor may import from those above it in this list; rooms on one floor do not know each other.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"core"}),
    frozenset({"clock", "data", "feed", "html", "store"}),
    frozenset({"engine", "indexing", "receive", "retention", "worlds"}),
    frozenset({"sandbox"}),
    frozenset({FRONT_DOOR}),
    frozenset({"check", "lint", "scaffold", "watch", "load"}),
    frozenset({"web"}),
    frozenset({"story", "testing"}),
    frozenset({"pytest_plugin", "cli"}),
    frozenset({"__main__"}),
)
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}

# What computes, and neither reads nor writes anything outside the process.
WITHOUT_IO = """
    __future__ abc base64 binascii bisect collections copy dataclasses datetime difflib enum
    functools hashlib heapq hmac html ipaddress itertools json math operator random re string struct
    textwrap tomllib types typing typing_extensions unicodedata urllib.parse
    jsonschema msgspec referencing
"""
PURE = frozenset(WITHOUT_IO.split())
READS_OR_WRITES = frozenset({"open", "print", "input", "breakpoint", "__import__"})

LONGEST_FILE = 350


@dataclass(frozen=True, slots=True)
class Import:
    """One import: what is imported, and whether that happens when the module is loaded."""

    target: str
    at_load: bool = True


Imports = Mapping[str, tuple[Import, ...]]


def room(module: str) -> str:
    """Return the part of the program that a module belongs to."""
    return module.split(".")[1] if "." in module else FRONT_DOOR


def climbs(imports: Imports) -> list[str]:
    """Return the imports that lead up, or across to another room of the same floor."""
    found = []
    for module, its in imports.items():
        for one in its:
            here, there = room(module), room(one.target)
            if not one.target.startswith(PACKAGE) or here == there:
                continue
            if here not in FLOOR or there not in FLOOR:
                found.append(f"{module} imports {one.target}: which floor is that on?")
            elif FLOOR[there] >= FLOOR[here]:
                found.append(
                    f"{module} (floor {FLOOR[here]}) imports {one.target} ({FLOOR[there]})"
                )
    return found


def cycle(imports: Imports) -> list[str]:
    """Return modules that load each other in a ring, or nothing."""
    graph = {module: {one.target for one in its if one.at_load} for module, its in imports.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring
    return []


def impure(imports: Imports) -> list[str]:
    """Return what `core/` imports from outside that is not known to be without I/O."""
    return [
        f"{module} imports {one.target}"
        for module, its in imports.items()
        if room(module) == "core"
        for one in its
        if not one.target.startswith(PACKAGE)
        and not any(one.target == pure or one.target.startswith(pure + ".") for pure in PURE)
    ]


def imports_of(tree: ast.AST, modules: Iterable[str]) -> tuple[Import, ...]:
    """Return the imports of one parsed module, wherever in it they stand."""
    return tuple(_walk(tree, frozenset(modules), at_load=True))


def _walk(tree: ast.AST, modules: frozenset[str], *, at_load: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, at_load)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "relative imports are not used here"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                # `from urllib import parse` names a module, `from re import match` what is in it.
                named = whole in modules or whole in PURE
                yield Import(whole if named else node.module, at_load)
        else:
            yield from _walk(node, modules, at_load=at_load and not later)


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = sorted((SOURCE / PACKAGE).rglob("*.py"))
TREES = {module_name(path): ast.parse(path.read_text(), str(path)) for path in FILES}
IMPORTS: Imports = {module: imports_of(tree, TREES) for module, tree in TREES.items()}


def test_imports_lead_down() -> None:
    assert climbs(IMPORTS) == []


def test_no_modules_load_each_other_in_a_ring() -> None:
    assert cycle(IMPORTS) == []


def test_core_does_no_input_or_output() -> None:
    assert impure(IMPORTS) == []
    calls = [
        f"{module}:{node.lineno} calls {node.func.id}"
        for module, tree in TREES.items()
        if room(module) == "core"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in READS_OR_WRITES
    ]
    assert calls == []


def test_every_module_has_its_test_file() -> None:
    missing = [
        f"tests/{path.relative_to(SOURCE / PACKAGE).parent / f'test_{path.name}'}"
        for path in FILES
        if path.name not in {"__init__.py", "__main__.py"}
        and not (
            ROOT / "tests" / path.relative_to(SOURCE / PACKAGE).parent / f"test_{path.name}"
        ).exists()
    ]
    assert missing == []


def test_no_file_outgrows_its_noun() -> None:
    long = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in FILES}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\bTO" r"DO\b|\bFIX" r"ME\b")
    left = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*FILES, *sorted((ROOT / "tests").rglob("*.py"))]
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if marks.search(line)
    ]
    assert left == []


# The rules above would pass as well if they saw nothing, so each is shown what it must find.

CORE, STORE, WEB = f"{PACKAGE}.core.ids", f"{PACKAGE}.store.database", f"{PACKAGE}.web.app"


@pytest.mark.parametrize(
    ("module", "target"),
    [
        pytest.param(CORE, STORE, id="up"),
        pytest.param(f"{PACKAGE}.check.runner", f"{PACKAGE}.lint.linter", id="across"),
        pytest.param(STORE, PACKAGE, id="up-to-the-front-door"),
        pytest.param(WEB, f"{PACKAGE}.attic", id="to-a-room-without-a-floor"),
    ],
)
def test_a_climbing_import_is_found_wherever_it_stands(module: str, target: str) -> None:
    [found] = climbs({module: (Import(target, at_load=False),)})
    assert module in found
    assert target in found


def test_an_import_that_leads_down_or_out_is_no_climb() -> None:
    down = (Import(CORE), Import(f"{PACKAGE}.web.api"), Import("starlette.routing"))
    assert climbs({WEB: down}) == []


def test_a_ring_is_found_unless_a_function_breaks_it() -> None:
    ring = {CORE: (Import(WEB),), WEB: (Import(CORE),)}
    assert set(cycle(ring)) == {CORE, WEB}
    assert cycle({**ring, WEB: (Import(CORE, at_load=False),)}) == []


@pytest.mark.parametrize("target", ["os", "sqlite3", "httpx", "urllib.request", "time"])
def test_input_or_output_in_core_is_found_and_elsewhere_is_not(target: str) -> None:
    assert impure({CORE: (Import(target),)}) == [f"{CORE} imports {target}"]
    assert impure({STORE: (Import(target),)}) == []


def test_imports_are_read_from_every_place_in_a_module() -> None:
    text = """
import os
from urllib import parse
from pivotal_sandbox.core import ids
from pivotal_sandbox.errors import InputError
if TYPE_CHECKING:
    import late_a
class Thing:
    import early
    async def do(self):
        with self:
            from late_b.part import name
"""
    assert imports_of(ast.parse(text), [CORE]) == (
        Import("os"),
        Import("urllib.parse"),
        Import(CORE),
        Import(f"{PACKAGE}.errors"),
        Import("late_a", at_load=False),
        Import("early"),
        Import("late_b.part", at_load=False),
    )


def test_the_program_was_read_at_all() -> None:
    assert f"{PACKAGE}.core.signature" in IMPORTS
    assert Import(f"{PACKAGE}.errors") in IMPORTS[f"{PACKAGE}.core.signature"]
    assert not {"os", "time", "socket", "io"} & PURE & set(sys.stdlib_module_names)
