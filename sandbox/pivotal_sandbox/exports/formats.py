"""The forms in which what was sent can be taken elsewhere, one row each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.exports.curl import curl_script
from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.har import har
from pivotal_sandbox.exports.httpie import httpie_script
from pivotal_sandbox.exports.pytest_file import pytest_file
from pivotal_sandbox.exports.scenario import scenario_file


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What a form is told besides: this program's version, and whether to sign anew."""

    version: str
    re_sign: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One form: what it is, and how its files end. `re_signs` where it can sign anew."""

    name: str
    help: str
    suffix: str
    media_type: str
    write: Callable[[Sequence[ExportedRequest], ExportOptions], str]
    re_signs: bool = False


FORMS = (
    Form(
        "scenario",
        "a story for `scenario run`, with the gaps that were between them",
        ".toml",
        "application/toml",
        lambda requests, options: scenario_file(requests, re_sign=options.re_sign),
        re_signs=True,
    ),
    Form(
        "curl",
        "a shell script",
        ".sh",
        "application/x-sh",
        lambda requests, options: curl_script(requests, re_sign=options.re_sign),
        re_signs=True,
    ),
    Form(
        "httpie",
        "a shell script",
        ".sh",
        "application/x-sh",
        lambda requests, options: httpie_script(requests, re_sign=options.re_sign),
        re_signs=True,
    ),
    Form(
        "har",
        "an HTTP Archive 1.2",
        ".har",
        "application/json",
        lambda requests, options: har(requests, version=options.version),
    ),
    Form(
        "pytest",
        "a test file",
        ".py",
        "text/x-python",
        lambda requests, options: pytest_file(requests),
    ),
)


def get_form(name: str) -> Form:
    """Return the form of that name. Raises `InputError` naming the nearest."""
    for form in FORMS:
        if form.name == name:
            return form
    names = [form.name for form in FORMS]
    hint = did_you_mean(name, names) or f" There are: {', '.join(names)}."
    raise InputError(f'There is no export as "{name:.40}".{hint}', pointer="/as")


def export(requests: Sequence[ExportedRequest], form: Form, options: ExportOptions) -> str:
    """Return what was sent, of which there is some, as a file of that form.

    Raises `InputError` where it is to be signed anew in a form that signs nothing.
    """
    if options.re_sign and not form.re_signs:
        raise InputError(f"An export as {form.name} signs nothing anew.", pointer="/re_sign")
    return form.write(requests, options)
