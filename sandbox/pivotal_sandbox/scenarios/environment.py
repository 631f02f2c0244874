"""Opens a sandbox of its own for a scenario, and tells it there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.domain.models import SignTime
from pivotal_sandbox.faults.registry import find_fault
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios.executor import Receiver
from pivotal_sandbox.scenarios.in_memory_bins import Bins
from pivotal_sandbox.scenarios.parser import Scenario
from pivotal_sandbox.scenarios.runner import EntryCallback, ScenarioRunner
from pivotal_sandbox.scenarios.steps import SetEndpoint, Trigger
from pivotal_sandbox.scenarios.transcript import Summary
from pivotal_sandbox.web.server import Settings, serve_empty

PATIENCE_MS = 2_000  # over sockets, on a busy machine


async def run_scenario(
    scenario: Scenario,
    emit: EntryCallback,
    *,
    receiver: Receiver | None = None,
    allow_hosts: Sequence[str] = (),
    catalog: Path | None = None,
) -> Summary:
    """Tell a scenario in a sandbox of its own, in memory, and return how it ended.

    Its bins are reached without a socket, and its delays pass at once; only what a fault of the
    transport spoils goes over a socket, and takes its time. Signatures carry the sandbox's time or,
    where a receiver of the user's compares it with its own, the wall clock's. Raises `InputError`
    naming file, line and key.
    """
    uses_socket = has_transport_fault(scenario) and receiver is None
    async with _sandbox(
        scenario, receiver, allow_hosts, catalog, uses_socket=uses_socket
    ) as sandbox:
        patience_ms = PATIENCE_MS if uses_socket else 0
        runner = ScenarioRunner(scenario, sandbox, emit, receiver=receiver, patience_ms=patience_ms)
        return await runner.run()


def has_transport_fault(scenario: Scenario) -> bool:
    """Say whether a fault of the scenario is one of the transport."""
    actions = [step.action for step in scenario.steps]
    faults = [find_fault(action.fault) for action in actions if isinstance(action, Trigger)]
    return any(fault is not None and fault.group == "transport" for fault in faults)


def uses_user_url(scenario: Scenario) -> bool:
    """Say whether an endpoint of the scenario leads, or comes to lead, to the user's own URL."""
    moved = [step.action.url for step in scenario.steps if isinstance(step.action, SetEndpoint)]
    return any(url is not None for url in (*(t.url for t in scenario.endpoints.values()), *moved))


def scenario_clock(scenario: Scenario) -> Clock:
    """Return the clock of a scenario: it stands still but for its steps."""
    return Clock.manual() if scenario.start is None else Clock.manual(scenario.start)


@asynccontextmanager
async def _sandbox(
    scenario: Scenario,
    receiver: Receiver | None,
    allow_hosts: Sequence[str],
    catalog: Path | None,
    *,
    uses_socket: bool,
) -> AsyncIterator[Sandbox]:
    clock = scenario_clock(scenario)
    sign_time: SignTime = "wall" if receiver or uses_user_url(scenario) else "sandbox"
    if uses_socket:
        settings = Settings(
            port=0, seed=scenario.seed, catalog=catalog, allow_hosts=tuple(allow_hosts), grace_s=0.1
        )
        async with serve_empty(settings, clock=clock, sign_time=sign_time) as (sandbox, _):
            sandbox.sender.mount(sandbox.base_url, Bins(sandbox.receiver), has_socket=True)
            yield sandbox
        return
    async with Sandbox(
        clock=clock,
        seed=scenario.seed,
        catalog=catalog,
        allow_hosts=allow_hosts,
        sign_time=sign_time,
    ) as sandbox:
        if receiver is None:
            sandbox.sender.mount(sandbox.base_url, Bins(sandbox.receiver))
        yield sandbox
