import pytest

from pivotal_sandbox.common.json_references import resolve_reference
from pivotal_sandbox.errors import InputError

DOCUMENT = {"a/b": {"~": [10, {"x y": 1}]}}


@pytest.mark.parametrize(
    ("reference", "found"),
    [("#", DOCUMENT), ("#/a~1b/~0/0", 10), ("#/a~1b/~0/1/x%20y", 1)],
)
def test_a_reference_leads_to_its_part(reference: str, found: object) -> None:
    assert resolve_reference(DOCUMENT, reference) == found


@pytest.mark.parametrize("reference", ["#/b", "#/a~1b/~0/2", "#/a~1b/~0/x", "#/a~1b/~0/0/deeper"])
def test_a_reference_to_nothing_is_refused(reference: str) -> None:
    with pytest.raises(InputError, match="leads nowhere"):
        resolve_reference(DOCUMENT, reference)


@pytest.mark.parametrize("reference", ["other.yaml#/x", "https://example.com/x", 7])
def test_a_reference_to_elsewhere_is_not_fetched(reference: object) -> None:
    with pytest.raises(InputError, match="nothing is fetched"):
        resolve_reference(DOCUMENT, reference)
