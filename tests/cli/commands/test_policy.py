import json
from collections.abc import Callable

from click.testing import Result

from pivotal_sandbox.domain.retry_policy import DEFAULTS


def test_every_rule_is_a_line_with_its_source(run: Callable[..., Result]) -> None:
    said = run("policy")
    lines = said.stdout.splitlines()
    assert len(lines) == len(DEFAULTS) + 1
    for rule, line in zip(DEFAULTS, lines[1:], strict=True):
        assert line.startswith(rule.name)
        assert ("documented" if rule.documented else "assumed") in line
        assert line.rstrip().endswith(rule.value)


def test_the_rules_as_json(run: Callable[..., Result]) -> None:
    rules = json.loads(run("policy", "--json").stdout)["rules"]
    assert {"name": "retried", "value": "5xx and timeouts", "documented": True} in rules
    assert len(rules) == len(DEFAULTS)
