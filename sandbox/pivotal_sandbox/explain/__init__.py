"""Find the mistake that makes a signature wrong."""
