"""What HTTP status codes mean to Pivotal."""


def is_success(status_code: int) -> bool:
    """Return whether a response with this status counts as delivered: any 2xx."""
    return 200 <= status_code < 300
