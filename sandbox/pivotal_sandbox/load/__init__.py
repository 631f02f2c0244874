"""Signed load on a receiver, and what comes of it."""
