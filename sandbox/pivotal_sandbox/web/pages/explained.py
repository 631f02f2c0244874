"""Why a signature does not hold: the answer to a MAC that somebody's code computed."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pivotal_sandbox.core.endpoint import labelled
from pivotal_sandbox.core.header import header_of
from pivotal_sandbox.core.model import Headers
from pivotal_sandbox.web.pages.visit import Visit

if TYPE_CHECKING:
    from pivotal_sandbox.core.explain import Explanation

_LONGEST = 200  # characters of a MAC, in whatever form


async def explanation(
    visit: Visit, body: bytes, headers: Headers, secrets: Sequence[str], computed: str
) -> "Explanation | None":
    """Return which mistake made `computed` of the body, or None where nothing was asked.

    The endpoints' other secrets are tried too: the most common mistake is to have taken one.
    """
    if not computed or not secrets:
        return None
    from pivotal_sandbox.core.explain import explain

    header = header_of(headers, "pivotal-signature")
    others = labelled(visit.sandbox.endpoints.all())
    # The search takes its time, in which others are served.
    return await asyncio.to_thread(
        explain,
        body,
        header,
        list(secrets),
        computed=computed[:_LONGEST],
        others=others,
        headers=headers,
    )
