"""Endpoints: held in memory, kept in the file."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.store.samples import NOW, URL, an_id

from pivotal_sandbox.common.ids import ENDPOINT
from pivotal_sandbox.domain.models import Endpoint
from pivotal_sandbox.errors import NotFound, StoreError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.endpoints import Endpoints

PLAIN = Endpoint(
    id=an_id(ENDPOINT, NOW, 1), url=URL, mode="test", secret="whsec_plain", created_at=NOW
)
FULL = Endpoint(
    id=an_id(ENDPOINT, NOW, 2),
    url="https://a.test/hooks",
    mode="live",
    secret="whsec_new",
    created_at=NOW + 1,
    event_types=("customer.at_risk", "task.overdue"),
    field_filter=("health", "owner.name"),
    description='Žofie\'s "handler"',
    enabled=False,
    previous_secret="whsec_old",
    previous_secret_expires_at=NOW + 5,
)


async def keep(database: Database, endpoints: Endpoints, *given: Endpoint) -> None:
    for endpoint in given:
        await database.put([endpoints.row(endpoint)])
        endpoints.hold(endpoint)


async def loaded(database: Database) -> Endpoints:
    """Return the endpoints as they are after a restart."""
    endpoints = Endpoints(database)
    await endpoints.load()
    return endpoints


async def test_endpoints_are_there_again_after_a_restart(database: Database) -> None:
    await keep(database, Endpoints(database), FULL, PLAIN)
    assert (await loaded(database)).all() == [PLAIN, FULL]


async def test_a_change_takes_the_place_of_what_was(database: Database) -> None:
    endpoints = Endpoints(database)
    changed = replace(PLAIN, url="http://b.test", enabled=False)
    await keep(database, endpoints, PLAIN, FULL, changed)
    assert endpoints.all() == [changed, FULL]
    assert (await loaded(database)).all() == [changed, FULL]


async def test_endpoints_are_found_by_id_and_by_mode(database: Database) -> None:
    endpoints = Endpoints(database)
    await keep(database, endpoints, PLAIN, FULL)
    assert endpoints.get(PLAIN.id) == endpoints.find(PLAIN.id) == PLAIN
    assert endpoints.all("test") == [PLAIN]
    assert endpoints.all("live") == [FULL]


async def test_an_unknown_endpoint_is_not_found(database: Database) -> None:
    endpoints = Endpoints(database)
    assert endpoints.find("ep_none") is None
    with pytest.raises(NotFound, match=r"There is no endpoint ep_none\.") as caught:
        endpoints.get("ep_none")
    assert caught.value.pointer == "/endpoint_id"


async def test_a_deleted_endpoint_is_gone_for_good(database: Database) -> None:
    endpoints = Endpoints(database)
    await keep(database, endpoints, PLAIN, FULL)
    await endpoints.delete(PLAIN.id)
    assert endpoints.all() == [FULL]
    assert (await loaded(database)).all() == [FULL]


async def test_what_could_not_be_deleted_is_still_there(tmp_path: Path) -> None:
    database = Database(tmp_path / "sandbox.db")
    endpoints = Endpoints(database)
    await keep(database, endpoints, PLAIN)
    await database.close()
    with pytest.raises(StoreError):
        await endpoints.delete(PLAIN.id)
    assert endpoints.all() == [PLAIN]


@pytest.mark.parametrize(
    ("url", "is_there"),
    [
        ("http://a.test/in/demo", True),
        ("http://a.test/in/demo/below", True),
        ("http://a.test/in/demo?a=b", True),
        ("http://a.test/in/demonstration", False),
        ("http://a.test/in/", False),
        ("http://b.test/in/demo", False),
    ],
)
async def test_the_secrets_of_an_address_are_those_of_the_endpoints_there_and_below(
    database: Database, url: str, is_there: bool
) -> None:
    endpoints = Endpoints(database)
    await keep(database, endpoints, replace(FULL, url=url))
    address = "http://a.test/in/demo"
    assert endpoints.secrets_at(address, NOW) == (["whsec_new", "whsec_old"] if is_there else [])
    assert endpoints.secrets_at(address, NOW + 5) == (["whsec_new"] if is_there else [])


async def test_the_secrets_of_an_address_change_with_its_endpoints(database: Database) -> None:
    endpoints = Endpoints(database)
    assert endpoints.secrets_at(PLAIN.url, NOW) == []
    await keep(database, endpoints, PLAIN)
    assert endpoints.secrets_at(PLAIN.url, NOW) == [PLAIN.secret]
    await keep(database, endpoints, replace(PLAIN, secret="whsec_other"))
    assert endpoints.secrets_at(PLAIN.url, NOW) == ["whsec_other"]
    await endpoints.delete(PLAIN.id)
    assert endpoints.secrets_at(PLAIN.url, NOW) == []
