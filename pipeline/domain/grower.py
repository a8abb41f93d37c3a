"""Licensed growers: ground on which something may be grown, never whose it is."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pipeline.errors import InvalidInputError


class GrowerKind(StrEnum):
    """What a licence is for."""

    MEDICAL = "medical"
    ORNAMENTAL = "ornamental"
    INDUSTRIAL_HEMP = "industrial_hemp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence by its number; both days are the first and the last on which it holds."""

    number: str
    kind: GrowerKind
    valid_from: date
    valid_until: date

    def __post_init__(self) -> None:
        """Refuse a licence that never holds.

        Raises:
            InvalidInputError: It has no number, or ends before it begins.
        """
        if not 0 < len(self.number) <= 80:  # noqa: PLR2004 as the store has room for
            raise InvalidInputError("a licence has a number of 1 to 80 characters")
        if self.valid_until < self.valid_from:
            raise InvalidInputError(f"licence {self.number} ends before it begins; mend its days")
