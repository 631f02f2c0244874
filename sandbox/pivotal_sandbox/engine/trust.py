"""Which certificates are trusted."""

import ssl

import httpx


def trusting() -> ssl.SSLContext:
    """Return a context that trusts what httpx trusts, and what this machine does besides."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
