"""The known mistakes, by the part of the signature they affect."""
