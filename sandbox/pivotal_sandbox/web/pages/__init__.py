"""The inspector: the pages that a person looks at."""
