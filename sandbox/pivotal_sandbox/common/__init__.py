"""Plain helpers: text, time, JSON, URLs."""
