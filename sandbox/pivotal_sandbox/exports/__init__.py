"""Requests in the formats of other tools."""
