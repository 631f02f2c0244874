"""A story that a test tells, and what was told of it."""

import asyncio
from typing import Any

import click

from pivotal_sandbox.cli.scenario_output import Transcript, json_of
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.scenarios.environment import run_scenario
from pivotal_sandbox.scenarios.parser import Scenario, parse_scenario
from pivotal_sandbox.scenarios.transcript import Entry, ExpectationChecked, Skipped, Summary


class Told:
    """What was told of a story, and how it ended."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def tell(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def summary(self) -> Summary:
        last = self.entries[-1]
        assert isinstance(last, Summary)
        return last

    @property
    def lines(self) -> list[str]:
        """The lines for people."""
        transcript = Transcript("story.toml")
        lines = [line for entry in self.entries for line in transcript.add(entry)]
        return [click.unstyle(line) for line in (*lines, *transcript.rest())]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json_of(entry) for entry in self.entries]

    @property
    def failed(self) -> list[ExpectationChecked]:
        judged = [entry for entry in self.entries if isinstance(entry, ExpectationChecked)]
        return [checked for checked in judged if not checked.judgement.ok]

    @property
    def skipped(self) -> list[Skipped]:
        return [entry for entry in self.entries if isinstance(entry, Skipped)]


def story(steps: str, endpoints: str = "[endpoints.app]") -> Scenario:
    """Return a story of these steps."""
    text = f'title = "A story"\n{endpoints}\n{steps}'
    return parse_scenario(text, "story", load_catalog())


async def telling(scenario: Scenario | str, **how: Any) -> Told:
    """Tell a story."""
    it = Told()
    scenario = story(scenario) if isinstance(scenario, str) else scenario
    async with asyncio.timeout(30):
        await run_scenario(scenario, it.tell, **how)
    return it
