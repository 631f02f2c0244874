"""Which certificates are trusted."""

import ssl

from pivotal_sandbox.sender.httpx_adapter import trusting


def test_a_certificate_is_asked_for_and_has_to_be_made_out_to_the_name() -> None:
    context = trusting()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 0
