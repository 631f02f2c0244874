"""A story as data: what a file says, and what is said of one that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.scenarios.parser import KINDS, Scenario, parse_scenario
from pivotal_sandbox.scenarios.steps import Advance, Create, SetBin, Trigger

CATALOG = load_catalog()

STORY = """\
title = " An outage "
description = "of three hours"
seed = 7
start = "2026-01-05T09:00:00Z"

[endpoints.app]
behaviour = [503]

[endpoints.mine]
url = "http://127.0.0.1:9/hook"
mode = "live"

[[steps]]
say = " A customer signs. "
create = { object = "customer", set = { name = "Acme" }, as = "acme" }

[[steps]]
say = "Time goes by."

[[steps]]
advance = "3h"

[[steps]]
trigger = "customer.at_risk"

[[steps]]
bin = { name = "app" }
"""


def parsed(text: str) -> Scenario:
    return parse_scenario(text, "outage", CATALOG)


def test_a_file_is_a_story() -> None:
    story = parsed(STORY)
    assert (story.name, story.title, story.description) == (
        "outage",
        "An outage",
        "of three hours",
    )
    assert (story.seed, story.start) == (7, 1_767_603_600_000)
    assert (story.endpoints["app"].bin, story.endpoints["mine"].bin) == ("app", None)
    assert [step.kind for step in story.steps] == ["create", "say", "advance", "trigger", "bin"]
    assert story.steps[0].say == "A customer signs."
    assert story.steps[0].action == Create(object="customer", set={"name": "Acme"}, as_="acme")
    assert story.steps[2].action == Advance(by="3h")
    assert story.steps[3].action == Trigger(type="customer.at_risk")
    assert story.steps[4].action == SetBin(name="app", behaviour=[200])
    assert [story.line_of(step) for step in story.steps] == [15, 18, 21, 24, 27]
    assert story.text == STORY


def test_a_story_without_endpoints_has_one() -> None:
    story = parsed('title = "x"\n[[steps]]\nadvance = "1s"')
    assert list(story.endpoints) == ["app"]
    assert story.endpoints["app"].bin == "app"
    assert story.start is None


def test_dates_may_be_written_without_quotes() -> None:
    text = STORY.replace('"2026-01-05T09:00:00Z"', "2026-01-05T10:00:00+01:00")
    story = parsed(text.replace('name = "Acme"', "renewal_date = 2026-02-01, list = [08:00:00]"))
    assert story.start == 1_767_603_600_000
    action = story.steps[0].action
    assert isinstance(action, Create)
    assert action.set == {"renewal_date": "2026-02-01", "list": ["08:00:00"]}


def step(text: str) -> str:
    """Return a story whose fifth line is that step; before it a customer is made."""
    return (
        f'title = "x"\n[[steps]]\ncreate = {{object = "customer", as = "acme"}}\n[[steps]]\n{text}'
    )


WRONG = [
    # -- the file
    ("title = ", "outage.toml, line 1: Invalid value."),
    ('title = "x', "outage.toml, line 1: Unterminated string."),
    ('title = "x"\ntitle = "y"', "outage.toml, line 2: Cannot overwrite a value."),
    ('a = 1\na.b = 1\ntitle="x"', "outage.toml, line 2: Cannot overwrite a value."),
    (
        f"a = {'9' * 5000}",
        "outage.toml: It holds a number with more digits than can be read.",
    ),
    ("", 'outage.toml, line 1: title: Object missing required field "title".'),
    ('title = " "', "outage.toml, line 1: title: A story has a title."),
    ('title = "x"', "outage.toml, line 1: steps: A story has one step or more: [[steps]]."),
    (
        'title = "x"\nstarts = "now"',
        'outage.toml, line 2: starts: Object contains unknown field "starts". '
        'Did you mean "start"?',
    ),
    (
        'title = "x"\nstart = "now"',
        'outage.toml, line 2: start: "now" is no RFC 3339 time such as "2026-05-24T08:00:00.000Z".',
    ),
    (
        'title = "x"\nsteps = [1]',
        'outage.toml, line 2: steps[0]: Expected "object", got "integer".',
    ),
    # -- endpoints
    (
        'title = "x"\n[endpoints."a b"]',
        'outage.toml, line 2: endpoints.a b: "a b" is no name of an endpoint.',
    ),
    (
        'title = "x"\n[endpoints]\na = 1',
        'outage.toml, line 3: endpoints.a: Expected "object", got "integer".',
    ),
    (
        'title = "x"\n[endpoints.a]\nbin = "x y"',
        'outage.toml, line 3: endpoints.a.bin: "x y" is no name of a bin.',
    ),
    (
        'title = "x"\n[endpoints.a]\nurl = "ftp://x"',
        "outage.toml, line 3: endpoints.a.url: The URL's scheme is 'ftp'; right is http or https.",
    ),
    (
        'title = "x"\n[endpoints.a]\nbehaviour = [200]\nurl = "http://x"',
        "outage.toml, line 4: endpoints.a.url: Behind a URL of your own there is no bin.",
    ),
    (
        'title = "x"\n[endpoints.a]\nsecret = ""',
        "outage.toml, line 3: endpoints.a.secret: The secret is empty: anyone could forge it.",
    ),
    (
        'title = "x"\n[endpoints.a]\nevents = [\n"*",\n"customer.atrisk"]',
        'outage.toml, line 5: endpoints.a.events[1]: There is no event type "customer.atrisk"; '
        '"*" stands for all. Did you mean "customer.at_risk"?',
    ),
    (
        'title = "x"\n[endpoints.a]\nbehaviour = [200, 700]',
        "outage.toml, line 3: endpoints.a.behaviour[1].status: The status is a number from 200 "
        "to 599.",
    ),
    (
        'title = "x"\n[endpoints.a]\nmode = "prod"',
        'outage.toml, line 3: endpoints.a.mode: "prod" is not possible here. It is one of test, '
        "live.",
    ),
    # -- steps
    (
        step('advence = "1h"'),
        'outage.toml, line 5: steps[1].advence: There is no step "advence". '
        'Did you mean "advance"?',
    ),
    (
        step("x = 1"),
        f'outage.toml, line 5: steps[1].x: There is no step "x". There are: '
        f"{', '.join(KINDS)}, say.",
    ),
    (step(""), f"outage.toml, line 4: steps[1]: A step does one of {', '.join(KINDS)}."),
    (step('say = " "'), f"outage.toml, line 4: steps[1]: A step does one of {', '.join(KINDS)}."),
    (step("say = 1"), "outage.toml, line 5: steps[1].say: What is said is a text."),
    (
        step('advance = "1h"\nrotate = "app"'),
        "outage.toml, line 6: steps[1].rotate: A step does one thing, and this one advance and "
        "rotate: make it two.",
    ),
    (
        step("advance = 3"),
        'outage.toml, line 5: steps[1].advance.by: Expected "string", got "integer".',
    ),
    (
        step('change = "acme"'),
        'outage.toml, line 5: steps[1].change: Expected "object", got "string".',
    ),
    (
        step('trigger = { type = "customer.atrisk" }'),
        'outage.toml, line 5: steps[1].trigger.type: There is no event type "customer.atrisk". '
        'Did you mean "customer.at_risk"?',
    ),
    (
        step('[steps.trigger]\ntype = "task.updated"\n\nfault = "duplicat"'),
        'outage.toml, line 8: steps[1].trigger.fault: There is no fault "duplicat". '
        'Did you mean "duplicate"?',
    ),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_is_told_with_file_line_and_key(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(text)
    assert str(caught.value) == said


def test_what_is_nested_too_deep_is_no_crash() -> None:
    with pytest.raises(InputError, match=r"^outage\.toml: It is nested too deep\.$"):
        parsed("a = " + "[" * 100_000)


def test_an_error_while_it_is_told_has_its_place_too() -> None:
    story = parsed(STORY)
    error = story.placed(story.steps[0], InputError("No.", pointer="/set/na~1me"))
    assert str(error) == "outage.toml, line 15: steps[0].create.set.na/me: No."
    assert story.placed(story.steps[4], InputError("No.")).args == (
        "outage.toml, line 27: steps[4].bin: No.",
    )


@given(st.text())
def test_any_text_is_a_story_or_an_error_of_ours(text: str) -> None:
    with pytest.raises(InputError):
        parsed(text)


@given(st.sampled_from(STORY.split()), st.text(max_size=6))
def test_a_story_in_which_something_is_changed_is_one_or_an_error(old: str, new: str) -> None:
    said = "outage.toml"
    try:
        parsed(STORY.replace(old, new, 1))
    except InputError as error:
        said = str(error)
    assert said.startswith("outage.toml")
