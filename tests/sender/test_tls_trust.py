"""Which certificates are trusted."""

import ssl

from pivotal_sandbox.sender.httpx_adapter import default_ssl_context


def test_the_default_context_requires_a_certificate_for_the_name() -> None:
    context = default_ssl_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 0
