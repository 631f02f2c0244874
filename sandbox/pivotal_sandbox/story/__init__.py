"""Tells a scenario: opens a sandbox for it, does its steps, and judges what it expects."""
