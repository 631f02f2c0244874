"""Lists: page after page, to the end or to the limit, and what is printed of them."""

from asyncio import to_thread

import click
import pytest
from click.testing import CliRunner
from tests.store.samples import a_delivery, an_event

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.pagination import list_items, page_options, print_items, search_options
from pivotal_sandbox.store.deliveries import delivery_row, event_row
from pivotal_sandbox.web.server import Running

MANY = 1001  # a page has at most 500


@click.command()
@search_options("the body")
@page_options
def command(**given: object) -> None:
    """Print what was chosen."""
    click.echo(given)


def test_what_is_not_chosen_is_none_and_the_limit_is_a_page() -> None:
    said = CliRunner().invoke(command)
    chosen = {"since": None, "until": None, "q": None, "limit": 50, "everything": False}
    assert said.output == f"{chosen}\n"


def test_the_help_says_where_the_text_is_looked_for() -> None:
    assert "Those with this in the body." in CliRunner().invoke(command, ["--help"]).output


async def test_pages_are_followed_as_far_as_was_asked(running: Running) -> None:
    event = an_event()
    log = [delivery_row(a_delivery(event, number, status="delivered")) for number in range(MANY)]
    await running.sandbox.stores.database.put([event_row(event), *log])

    async def found(limit: int, everything: bool = False) -> tuple[list[str], bool]:
        query = {"endpoint_id": "ep_a"}
        client = Client(running.url)
        rows, more = await to_thread(
            list_items, client, "deliveries", query=query, limit=limit, everything=everything
        )
        return [row["id"] for row in rows], more

    everything, more = await found(1, everything=True)
    assert not more
    assert len(set(everything)) == MANY
    assert everything == sorted(everything, reverse=True)
    for limit in (1, 500, 501, 1000):
        assert await found(limit) == (everything[:limit], True)
    for limit in (MANY, 5000, 10**20):
        assert await found(limit) == (everything, False)


@pytest.mark.parametrize(
    ("rows", "as_json", "stdout", "stderr"),
    [
        ([{"id": "a"}, {"id": "b"}], False, "a b\n", "2 deliveries.\n"),
        ([], False, "", "No delivery matches.\n"),
        ([{"id": "a"}], True, '{"items":[{"id":"a"}]}\n', ""),
        ([], True, '{"items":[]}\n', ""),
    ],
)
def test_data_goes_to_stdout_and_how_many_there_are_to_stderr(
    capsys: pytest.CaptureFixture[str], rows: list[Json], as_json: bool, stdout: str, stderr: str
) -> None:
    def show(rows: list[Json]) -> None:
        click.echo(" ".join(row["id"] for row in rows))

    print_items(rows, "delivery", show, more=False, as_json=as_json)
    assert capsys.readouterr() == (stdout, stderr)


def test_a_list_may_say_in_its_own_words_that_it_is_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_items(
        [], "record", click.echo, more=False, as_json=False, nothing="There is no task yet."
    )
    assert capsys.readouterr() == ("", "There is no task yet.\n")


def test_more_than_is_shown_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_items([{"id": "cap_1"}], "capture", lambda rows: None, more=True, as_json=False)
    assert "1 capture, and there are more: --all lists them all" in capsys.readouterr().err
