"""Flags of a flight as its page shows them: outlines, numbers and areas; never a score."""

from collections.abc import Iterable
from dataclasses import dataclass

import shapely

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import Person
from pipeline.domain.sight import may_see, told
from pipeline.store.flags import StoredFlag


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagShown:
    """A flag on the page of its flight. ``outline`` is in degrees."""

    label: str
    status: FlagStatus
    area_m2: float
    outline: shapely.Polygon | shapely.MultiPolygon

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        west, south, east, north = self.outline.bounds
        return west, south, east, north


def flags_shown(flags: Iterable[StoredFlag], person: Person) -> tuple[FlagShown, ...]:
    """Those of the flags of a flight that ``person`` may see on its page."""
    roles = [role for role in person.roles if person.has(role)]
    return tuple(
        FlagShown(label=flag.label, status=told(flag.status), area_m2=flag.area_m2, outline=flag.outline)
        for flag in flags
        if may_see(roles, flag.status)
    )
