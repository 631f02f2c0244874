"""The checks of the battery, by group."""
