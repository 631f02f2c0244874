"""Run scenario files and check their expectations."""
