"""Who signs with what: the endpoints' secrets and the time that signatures carry."""

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.domain.endpoints import label_endpoints
from pivotal_sandbox.domain.models import SignTime
from pivotal_sandbox.store.endpoints import Endpoints


class SigningKeys:
    """Look up secrets and the signing time.

    With `sign_time` "wall" signatures carry the time of the wall clock, which receivers compare
    with; with "sandbox" they carry the time of `clock`.
    """

    def __init__(self, endpoints: Endpoints, clock: Clock, sign_time: SignTime) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._sign_time = sign_time

    def timestamp(self) -> float:
        """Return the Unix seconds that a signature made now carries."""
        return self._clock.now() / 1000 if self._sign_time == "sandbox" else self._clock.wall()

    def secrets_at(self, address: str) -> list[str]:
        """Return the secrets that sign now for whatever is delivered to `address` or below."""
        return self._endpoints.secrets_at(address, self._clock.now())

    def labeled_secrets(self) -> dict[str, str]:
        """Return the secrets of the newest endpoints by a label that says whose each is."""
        return label_endpoints(self._endpoints.all())
