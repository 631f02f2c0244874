"""A mistake with signatures: what it is called, what it does, how it comes about and is mended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One row of the explanations.

    `does` is what makes the signature differ, as a part of the sentence "The signature is made …";
    of a mistake with the header or the clock it is a sentence of its own. `help` is one line on
    how it looks in code or at the terminal, `mend` what to change.
    """

    id: str
    does: str
    help: str
    mend: str
