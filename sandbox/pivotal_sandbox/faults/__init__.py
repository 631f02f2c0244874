"""Deliberate faults in events, signatures and traffic."""
