"""What realistic records are made of, as `fixtures/world.json` lists it."""

from dataclasses import dataclass
from functools import cache

import msgspec

from pivotal_sandbox.package_data import FIXTURES


@dataclass(frozen=True, slots=True)
class Place:
    """A country. In `phone`, # stands for a digit; the numbers are reserved for fiction."""

    currency: str
    per_euro: float
    locale: str
    time_zone: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a customer. `place` is a key of `SampleData.places`."""

    name: str
    mailbox: str
    place: str


@dataclass(frozen=True, slots=True)
class Company:
    """The first half of a company's name; a trade is the other. `slug` is for its domain."""

    name: str
    slug: str
    place: str


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody on the vendor's side."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of every onboarding, and how many days it takes."""

    key: str
    name: str
    days: int


@dataclass(frozen=True, slots=True)
class Chore:
    """A task that onboardings have."""

    title: str
    phase: str
    side: str
    description: str | None


@dataclass(frozen=True, slots=True, eq=False)
class SampleData:
    """Every list that a record draws from. `tags` and `custom_fields` are by object."""

    places: dict[str, Place]
    people: tuple[Person, ...]
    companies: tuple[Company, ...]
    trades: tuple[str, ...]
    managers: tuple[Manager, ...]
    titles: tuple[str, ...]
    phases: tuple[Phase, ...]
    onboardings: tuple[str, ...]
    tasks: tuple[Chore, ...]
    risks: tuple[str, ...]
    losses: tuple[str, ...]
    delays: tuple[str, ...]
    cancellations: tuple[str, ...]
    tags: dict[str, tuple[str, ...]]
    custom_fields: dict[str, dict[str, tuple[str | int | float | bool | None, ...]]]


@cache
def load_sample_data() -> SampleData:
    """Return what realistic records are made of."""
    return msgspec.json.decode((FIXTURES / "world.json").read_bytes(), type=SampleData)
