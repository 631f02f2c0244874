"""The headers of a request or response, looked up whatever their case."""

from collections.abc import Iterator, Mapping

from pivotal_sandbox.core import model


class Headers(Mapping[str, str]):
    """A mapping whose keys have no case; a name that comes twice has its values joined by commas.

    `pairs` are the headers as they went over the wire: names, order and repetitions.
    """

    def __init__(self, pairs: model.Headers) -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def all(self, name: str) -> list[str]:
        """Return every value that a name has."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"
