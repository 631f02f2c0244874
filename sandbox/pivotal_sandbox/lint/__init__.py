"""The source lint: mistakes of a handler that no request can show."""

from pivotal_sandbox.lint.linter import lint as lint
from pivotal_sandbox.lint.rules import Finding as Finding
