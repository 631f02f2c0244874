"""Capture requests, verify and forward them."""
