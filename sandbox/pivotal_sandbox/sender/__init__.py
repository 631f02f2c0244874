"""Deliver events over HTTP and decide what happens next."""
