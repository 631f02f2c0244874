"""The report of a load as one HTML file, which loads nothing and runs nothing."""

from functools import cache
from pathlib import Path

from jinja2 import Template

from pivotal_sandbox.common.html import page, templates_in
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.load import charts
from pivotal_sandbox.load.report import FATES, PERCENTS, Report, format_latency, name
from pivotal_sandbox.load.stats import consequence_of

_TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: Report) -> str:
    """Return the page."""
    latencies = report.tally.latencies()
    return page(
        _template(),
        report=report,
        percentiles=[
            *((name(percent), latencies.percentile(percent)) for percent in PERCENTS),
            ("most", latencies.most_ms),
        ],
        answers=[
            (answer, count, consequence_of(answer))
            for answer, count in report.tally.answers.most_common()
        ],
        lines=charts.lines(report.tally),
        bars=charts.bars(report.tally),
        size=(charts.WIDTH, charts.HEIGHT),
        fates=FATES,
    )


@cache
def _template() -> Template:
    environment = templates_in(_TEMPLATES)
    environment.filters |= {"ms": format_latency, "safe_text": printable}
    return environment.get_template("load.html.j2")
