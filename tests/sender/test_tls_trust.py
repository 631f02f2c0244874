"""Which certificates are trusted."""

import ssl

from pivotal_sandbox.sender.httpx_adapter import default_ssl_context


def test_a_certificate_is_asked_for_and_has_to_be_made_out_to_the_name() -> None:
    context = default_ssl_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 0
