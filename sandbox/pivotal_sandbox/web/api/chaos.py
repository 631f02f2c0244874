"""The API's chaos: what goes wrong by chance, and how often."""

from msgspec import Struct

from pivotal_sandbox.faults.chaos import Rule
from pivotal_sandbox.web.operation import Call, Operation


class NewChaos(Struct, forbid_unknown_fields=True):
    """The rules from now on, such as "5xx=10%,delay=200ms..2s,duplicate=5%"; "" is none."""

    spec: str


class RuleView(Struct):
    """How often, from 0 to 1, something goes wrong; a delay has bounds."""

    name: str
    rate: float
    from_ms: int | None
    to_ms: int | None
    help: str

    @classmethod
    def of(cls, rule: Rule) -> "RuleView":
        """Return the view of a rule."""
        return cls(rule.name, rule.rate, rule.from_ms, rule.to_ms, rule.help)


class ChaosView(Struct):
    """The rules in force, as a text and one by one."""

    spec: str
    rules: list[RuleView]


async def show_chaos(call: Call[None, None]) -> ChaosView:
    """Show what goes wrong by chance."""
    return _view(call)


async def set_chaos(call: Call[None, NewChaos]) -> ChaosView:
    """Say what is to go wrong by chance from now on."""
    call.sandbox.set_chaos(call.body.spec)
    return _view(call)


def _view(call: Call[None, NewChaos] | Call[None, None]) -> ChaosView:
    chaos = call.sandbox.fault_injector.chaos
    if chaos is None:
        return ChaosView("", [])
    return ChaosView(chaos.spec, [RuleView.of(rule) for rule in chaos.rules])


_PATH = "/api/chaos"

OPERATIONS = (
    Operation("GET", _PATH, show_chaos, {200: ChaosView}),
    Operation("PUT", _PATH, set_chaos, {200: ChaosView}, body=NewChaos),
)
