"""The report of a check run, in each format."""
