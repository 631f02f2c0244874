"""What a step may speak of, and what stands in the place of a name."""

from typing import Any

import pytest

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.scenarios.references import Scope, flatten, resolve_references, value_at


@pytest.fixture
def scope() -> Scope:
    scope = Scope(load_catalog(), {"app": "test", "other": "live"}, ("app",))
    scope.give("acme", "customer")
    scope.give("ping")
    scope.give(None)
    return scope


def test_a_name_stands_for_a_record_or_for_what_was_sent(scope: Scope) -> None:
    assert scope.record("acme") == "customer"
    assert scope.record(None) is None
    scope.known("ping")
    scope.known(None)
    with pytest.raises(InputError, match=r'What "ping" names is no record\.'):
        scope.record("ping")


def test_what_is_unknown_is_told_with_the_nearest(scope: Scope) -> None:
    for call, said in (
        (scope.record, 'No step before this one is named "acm", by as = "…". Did you mean "acme"?'),
        (scope.endpoint, 'There is no endpoint "acm". There are: app, other.'),
        (scope.bin, 'No endpoint leads to a bin "acm". There are: app.'),
        (scope.type, 'There is no event type "acm".'),
    ):
        with pytest.raises(InputError) as caught:
            call("acm")
        assert str(caught.value) == said
    with pytest.raises(InputError, match=r'Did you mean "other"\?'):
        scope.endpoint("othr")


def test_what_is_not_asked_for_is_not_wrong(scope: Scope) -> None:
    scope.endpoint(None)
    scope.bin(None)
    scope.type(None)
    scope.endpoint("app")
    scope.bin("app")
    scope.type("task.created")


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ä", "null"])
def test_what_is_no_name_is_refused(scope: Scope, name: str) -> None:
    with pytest.raises(InputError) as caught:
        scope.give(name)
    assert caught.value.pointer == "/as"


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"a": ["$acme", {"b~/": "$nobody.name"}]}, "/set/a/1/b~0~1"),
        ("$ping", "/set"),
        ({"a": [1, 2], "b": []}, None),
        ({"a": {"b": "$null", "c": "$$nobody", "d": 1, "e": "$acme.name"}}, None),
    ],
)
def test_each_reference_within_a_value_is_checked(
    scope: Scope, value: object, pointer: str | None
) -> None:
    if pointer is None:
        scope.values(value, "/set")
        return
    with pytest.raises(InputError) as caught:
        scope.values(value, "/set")
    assert caught.value.pointer == pointer


RECORDS = {"acme": {"id": "cus_1", "owner": {"email": "a@b.example"}, "tags": ["x", "y"]}}


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("$acme", "cus_1"),
        ("$acme.owner.email", "a@b.example"),
        ("$acme.tags.1", "y"),
        ("$null", None),
        ("$$acme", "$acme"),
        ("acme", "acme"),
        ({"a": ["$acme", 1, None]}, {"a": ["cus_1", 1, None]}),
    ],
)
def test_a_reference_becomes_what_it_stands_for(value: Any, becomes: Any) -> None:
    assert resolve_references(value, RECORDS) == becomes


@pytest.mark.parametrize("path", ["name", "tags.2", "tags.x", "id.x"])
def test_a_reference_that_leads_nowhere_is_an_error(path: str) -> None:
    with pytest.raises(InputError, match=f'leads nowhere: the record has no "{path}"'):
        resolve_references(f"$acme.{path}", RECORDS)
    with pytest.raises(LookupError):
        value_at(RECORDS["acme"], path)


def test_dotted_keys_and_tables_are_the_same() -> None:
    given = {"owner": {"name": "N", "more": {}}, "tags": [{"a": 1}], "phases.0.status": "x"}
    assert flatten(given) == {
        "owner.name": "N",
        "owner.more": {},
        "tags": [{"a": 1}],
        "phases.0.status": "x",
    }
