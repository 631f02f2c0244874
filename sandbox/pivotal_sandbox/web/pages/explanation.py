"""Why a signature does not hold: the answer to a MAC that somebody's code computed."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pivotal_sandbox.common.headers import SIGNATURE_HEADER, header_value
from pivotal_sandbox.domain.endpoints import label_endpoints
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.web.pages.context import PageContext

if TYPE_CHECKING:
    from pivotal_sandbox.explain.explain import Explanation

_LONGEST = 200  # characters of a MAC, in whatever form


async def explanation(
    context: PageContext, body: bytes, headers: Headers, secrets: Sequence[str], computed: str
) -> "Explanation | None":
    """Return which mistake made `computed` of the body, or None where nothing was asked.

    The endpoints' other secrets are tried too: the most common mistake is to have taken one.
    """
    if not computed or not secrets:
        return None
    from pivotal_sandbox.explain.explain import explain

    header = header_value(headers, SIGNATURE_HEADER)
    others = label_endpoints(context.sandbox.endpoints.all())
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
