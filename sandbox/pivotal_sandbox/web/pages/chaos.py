"""Chaos: what goes wrong by chance, and how often."""

from starlette.responses import Response

from pivotal_sandbox.faults.chaos import NETWORK
from pivotal_sandbox.faults.registry import FAULTS
from pivotal_sandbox.web.pages.context import PageContext

_DELAY = "delay"


async def show(context: PageContext) -> Response:
    """Show a slider for each thing that can go wrong."""
    chaos = context.sandbox.fault_injector.chaos
    rates = {rule.name: rule for rule in chaos.rules} if chaos else {}
    faults = [(fault.name, fault.help) for fault in FAULTS if fault.events == 1]
    network = [(name, help) for name, help in NETWORK.items() if name != _DELAY]
    return context.page(
        "chaos.html.j2",
        spec=chaos.spec if chaos else "",
        groups=[("The network", network), ("The sender", faults)],
        rates={name: round(rule.rate * 100, 4) for name, rule in rates.items()},
        delay=rates.get(_DELAY),
    )


async def save(context: PageContext) -> Response:
    """Let things go wrong as the form says: by the sliders, or by the text."""
    if context.field("do") == "none":
        spec = ""
    elif context.field("do") == "spec":
        spec = context.field("spec")
    else:
        rates = [(name.removeprefix("rate."), value) for name, value in context.form]
        parts = [
            f"{name}={value}%"
            for (full, _), (name, value) in zip(context.form, rates, strict=True)
            if full.startswith("rate.") and name != _DELAY and value.strip() not in ("", "0")
        ]
        share = context.field("rate.delay")
        if share not in ("", "0"):
            between = f"{context.field('from') or '200ms'}..{context.field('to') or '2s'}"
            parts.append(f"delay={between}@{share}%")
        spec = ",".join(parts)
    context.sandbox.set_chaos(spec)
    return context.redirect("/chaos")
