from asyncio import to_thread

import pytest

from pivotal_sandbox.cli.rest import Rest
from pivotal_sandbox.errors import InputError, NotFound, UnreachableError
from pivotal_sandbox.web.server import Running


async def test_no_content_is_an_empty_object(running: Running) -> None:
    rest = Rest(running.url)
    assert await to_thread(rest.change, "DELETE", "endpoints", running.endpoint.id) == {}


async def test_too_late_is_an_answer(running: Running) -> None:
    wish = {"type": "task.overdue", "timeout": "1ms"}
    answer = await to_thread(Rest(running.url).change, "POST", "wait", body=wish)
    assert (answer["status"], answer["seen"]) == (408, [])


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (("endpoints", "ep_x"), "endpoints list"),
        (("deliveries", "msg_x"), "deliveries list"),
        (("captures", "cap_x"), "captures list"),
        (("records", "customer", "cus_x"), "records list customer"),
    ],
)
async def test_what_is_not_found_says_where_to_look(
    running: Running, path: tuple[str, ...], command: str
) -> None:
    with pytest.raises(NotFound, match=f"`pivotal-sandbox {command}` shows those there are"):
        await to_thread(Rest(running.url).get, *path)


@pytest.mark.parametrize("path", [("records", "custmer"), ("bins", "a b"), ("nothing",)])
async def test_what_no_command_lists_is_only_not_found(
    running: Running, path: tuple[str, ...]
) -> None:
    with pytest.raises(NotFound) as caught:
        await to_thread(Rest(running.url).get, *path)
    assert "shows those" not in str(caught.value)


async def test_other_refusals_stay_what_they_are(running: Running) -> None:
    with pytest.raises(InputError) as caught:
        await to_thread(Rest(running.url).change, "POST", "endpoints", body={})
    assert not isinstance(caught.value, NotFound)
    with pytest.raises(UnreachableError, match="pivotal-sandbox up"):
        Rest("http://127.0.0.1:1").change("PUT", "bins", "demo", body={})
