"""What tests of the pages share: a page, read as a browser reads it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

_VOID = frozenset({"area", "br", "hr", "img", "input", "link", "meta", "path", "circle", "rect"})


@dataclass
class Tag:
    """An element: its name, its attributes, and the text in and below it."""

    name: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text, as it is shown: runs of blanks are find."""
        return " ".join("".join(self.texts).split())


class Page(HTMLParser):
    """A page, read."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.answer = answer
        self.tags: list[Tag] = []
        self._open: list[Tag] = []
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        opened = Tag(tag, {name: value or "" for name, value in attrs})
        self.tags.append(opened)
        if tag not in _VOID:
            self._open.append(opened)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and what was left open in it."""
        names = [tag.name for tag in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Give the text to all elements that it is in."""
        for tag in self._open:
            tag.texts.append(data)

    def all(self, name: str, /, **attributes: str) -> list[Tag]:
        """Return the elements of a name whose attributes have these values."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            tag
            for tag in self.tags
            if tag.name == name and wanted.items() <= tag.attributes.items()
        ]

    def find(self, name: str, /, **attributes: str) -> Tag:
        """Return the only such element."""
        [found] = self.all(name, **attributes)
        return found

    def with_class(self, word: str) -> list[Tag]:
        """Return the elements that have the class."""
        return [tag for tag in self.tags if word in tag.attributes.get("class", "").split()]

    @property
    def main(self) -> str:
        """The text of the content."""
        return self.find("main").text

    @property
    def shape(self) -> Counter[Any]:
        """What the page is made of: elements with the names of their attributes."""
        return Counter((tag.name, *sorted(tag.attributes)) for tag in self.tags)


Look = Callable[..., Awaitable[Page]]


@pytest.fixture
def look(client: httpx.AsyncClient) -> Look:
    """Open a page; it is there, or has the status that is named."""

    async def call(path: str, /, code: int = 200, **query: Any) -> Page:
        answer = await client.get(path, params=query or None)
        assert answer.status_code == code, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return Page(answer)

    return call


@pytest.fixture
def press(client: httpx.AsyncClient) -> Look:
    """Send a form; look at the page that it leads to, or at the find that says what is wrong."""

    async def call(path: str, /, code: int = 200, **fields: Any) -> Page:
        answer = await client.post(path, data=fields)
        if code == 200:
            assert answer.status_code == 303, answer.text
            answer = await client.get(answer.headers["location"])
        assert answer.status_code == code, answer.text
        return Page(answer)

    return call
