from dataclasses import FrozenInstanceError

import pytest

from pivotal_sandbox.explain.mistakes.mistake import Mistake


def test_a_mistake_is_a_row_that_nobody_changes() -> None:
    row = Mistake("hex", "written in hex", "`hexdigest()`.", "Write base64.")
    with pytest.raises(FrozenInstanceError):
        row.id = "other"  # type: ignore[misc]
