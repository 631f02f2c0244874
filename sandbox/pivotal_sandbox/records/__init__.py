"""Sample records, and the events that their changes fire."""
