"""What `check` prints besides a report: its list, a check's requests, the lint's findings."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pivotal_sandbox.cli.output import note, print_json, print_table

if TYPE_CHECKING:
    from pivotal_sandbox.check.options import CheckOptions


def print_list(only: tuple[str, ...], skip: tuple[str, ...], *, as_json: bool) -> None:
    """Print the checks."""
    from pivotal_sandbox.check.registry import select_checks

    cases = select_checks(only, skip)
    if as_json:
        print_json(
            [
                {
                    "id": case.id,
                    "title": case.title,
                    "group": case.group,
                    "severity": case.severity,
                    "expected": case.expected,
                    "reason": case.reason,
                    "needs": list(case.needs),
                }
                for case in cases
            ]
        )
        return
    print_table(
        ("ID", "GROUP", "SEVERITY", "NEEDS", "TITLE"),
        [
            (
                case.id,
                case.group,
                case.severity,
                ", ".join(need.replace("_", "-") for need in case.needs) or "-",
                case.title,
            )
            for case in cases
        ],
    )


def print_requests(
    url: str, secret: str, check_id: str, output: Path | None, options: "CheckOptions"
) -> None:
    """Print the requests of a check as commands, or write their bytes to a folder."""
    import asyncio
    import secrets
    from dataclasses import replace

    from pivotal_sandbox.check.curl import as_curl
    from pivotal_sandbox.check.dry_run import dry_run
    from pivotal_sandbox.check.session import Settings

    seed = secrets.randbits(32) if options.seed is None else options.seed
    # A secret for every check, so that each can be shown.
    options = replace(
        options,
        previous_secret=options.previous_secret or secret,
        revoked_secret=options.revoked_secret or secret,
    )
    settings = Settings(url, secret, seed, options)
    exchanges = asyncio.run(dry_run(check_id, settings))
    if output is None:
        for exchange in exchanges:
            click.echo(f"# {exchange.label}\n{as_curl(exchange, url)}")
        return
    output.mkdir(parents=True, exist_ok=True)
    for number, exchange in enumerate(exchanges, start=1):
        (output / f"{number:02}.http").write_bytes(exchange.sent)
        note(f"{output / f'{number:02}.http'}  {exchange.label}")


def print_findings(paths: tuple[Path, ...], *, as_json: bool) -> bool:
    """Print what the lint finds in the sources, and say whether there is anything."""
    from pivotal_sandbox.lint import lint

    findings = [finding for path in paths for finding in lint(path)]
    if as_json:
        print_json(
            [
                {
                    "file": str(finding.file),
                    "line": finding.line,
                    "rule": finding.rule,
                    "message": finding.message,
                    "advice": finding.advice,
                }
                for finding in findings
            ]
        )
    else:
        for finding in findings:
            place = click.style(f"{finding.file}:{finding.line}", bold=True)
            click.echo(f"{place}  {finding.rule}: {finding.message}\n  {finding.advice}")
        if not findings:
            note("Nothing found.")
    return bool(findings)
