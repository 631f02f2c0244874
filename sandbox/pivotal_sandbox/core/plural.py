"""How many of what, in words."""


def counted(count: int, noun: str) -> str:
    """Return "1 attempt", "2 attempts"; the plural of a noun in -y is -ies."""
    return f"{count} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the noun for more than one, or none, of what it names."""
    return noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
