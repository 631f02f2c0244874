"""Endpoints as they are made, changed and given new secrets. Each is checked before it exists."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.catalog import Catalog, check_subscription
from pivotal_sandbox.domain.models import Endpoint, Mode
from pivotal_sandbox.errors import InputError

_LABELLED = 100  # endpoints: each secret is a try at explaining a signature


def new_endpoint(
    id: str,
    url: str,
    *,
    mode: Mode,
    secret: str,
    now: int,
    event_types: Sequence[str],
    field_filter: Sequence[str],
    description: str,
    catalog: Catalog,
) -> Endpoint:
    """Return an endpoint. Raises `InputError` for what it cannot have."""
    if not secret:
        raise InputError("The secret is empty: anyone could forge it.", pointer="/secret")
    endpoint = Endpoint(
        id=id,
        url=url,
        mode=mode,
        secret=secret,
        created_at=now,
        event_types=tuple(event_types),
        field_filter=tuple(field_filter),
        description=description,
    )
    return _checked(endpoint, catalog)


def update_endpoint(endpoint: Endpoint, changes: Mapping[str, Any], catalog: Catalog) -> Endpoint:
    """Return the endpoint with other fields. Raises `InputError` for what it cannot have."""
    return _checked(replace(endpoint, **changes), catalog)


def rotate_secret(endpoint: Endpoint, secret: str, now: int, overlap: int) -> Endpoint:
    """Return the endpoint with a new secret; the old one signs too for `overlap` ms."""
    return replace(
        endpoint,
        secret=secret,
        previous_secret=endpoint.secret,
        previous_secret_expires_at=now + overlap,
    )


def label_endpoints(endpoints: Sequence[Endpoint]) -> dict[str, str]:
    """Return the secrets of the newest, old ones too, by what each is the secret of."""
    found = {}
    for endpoint in endpoints[-_LABELLED:]:
        whose = f"the {endpoint.mode} endpoint {endpoint.id}"
        found[whose] = endpoint.secret
        if endpoint.previous_secret is not None:
            found[f"{whose} before its rotation"] = endpoint.previous_secret
    return found


def _checked(endpoint: Endpoint, catalog: Catalog) -> Endpoint:
    parse_url(endpoint.url)
    check_subscription(endpoint.event_types, endpoint.field_filter, catalog)
    return endpoint
