"""The REST API, by resource."""
