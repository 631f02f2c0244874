"""Endpoints are checked before they exist."""

from typing import Any

import pytest

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.endpoints import (
    label_endpoints,
    new_endpoint,
    rotate_secret,
    update_endpoint,
)
from pivotal_sandbox.domain.models import Endpoint
from pivotal_sandbox.errors import InputError

CATALOG = load_catalog()


def made(**other: Any) -> Endpoint:
    values: dict[str, Any] = {
        "mode": "test",
        "secret": "whsec_old",
        "now": 7,
        "event_types": ["*"],
        "field_filter": [],
        "description": "",
        "catalog": CATALOG,
    }
    return new_endpoint(
        other.pop("id", "ep_1"), other.pop("url", "http://127.0.0.1/x"), **values | other
    )


def test_an_endpoint_is_as_it_was_asked_for() -> None:
    endpoint = made(event_types=["task.created", "task.updated"], field_filter=["status"])
    assert endpoint.event_types == ("task.created", "task.updated")
    assert (endpoint.field_filter, endpoint.created_at, endpoint.enabled) == (("status",), 7, True)


@pytest.mark.parametrize(
    ("given", "pointer", "says"),
    [
        ({"url": "127.0.0.1"}, "/url", "http://"),
        ({"secret": ""}, "/secret", "empty"),
        ({"event_types": ["task.creatd"]}, "/event_types/0", "task.created"),
        ({"field_filter": ["helth"]}, "/field_filter/0", "health"),
    ],
)
def test_what_it_cannot_have_is_refused_at_its_making_and_at_a_change(
    given: dict[str, Any], pointer: str, says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        made(**given)
    assert caught.value.pointer == pointer
    if "secret" not in given:
        with pytest.raises(InputError, match=says):
            update_endpoint(made(), {name: given[name] for name in given}, CATALOG)


def test_a_change_leaves_the_rest_as_it_was() -> None:
    after = update_endpoint(made(), {"enabled": False}, CATALOG)
    assert (after.enabled, after.secret, after.url) == (False, "whsec_old", "http://127.0.0.1/x")


def test_after_a_rotation_both_secrets_sign_until_the_overlap_is_over() -> None:
    endpoint = rotate_secret(made(), "whsec_new", now=100, overlap=50)
    assert endpoint.secrets(149) == ("whsec_new", "whsec_old")
    assert endpoint.secrets(150) == ("whsec_new",)


def test_each_secret_is_labelled_by_whose_it_is() -> None:
    live = made(id="ep_2", mode="live", secret="whsec_live")
    assert label_endpoints([rotate_secret(made(), "whsec_new", now=100, overlap=0), live]) == {
        "the test endpoint ep_1": "whsec_new",
        "the test endpoint ep_1 before its rotation": "whsec_old",
        "the live endpoint ep_2": "whsec_live",
    }
