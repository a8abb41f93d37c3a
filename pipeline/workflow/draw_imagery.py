"""Draw imagery: at each place that of the newest flight of a window of days, for the managers' map."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId
from pipeline.imagery.map_tiles import Tile, TileAddress, newest_tile
from pipeline.imagery.vector_tiles import extent_of
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.ground_map import last_imagery

IMAGERY_FROM: Final = 15
"""From farther away hundreds of flights would have to be opened for one tile."""
MOST_FLIGHTS: Final = 60
"""Of a tile, the newest ones; what older ones alone have of it stays away. A tile of zoom 15 has 1.5 km2 at most."""


def imagery_of(
    database: Database, files: Files, districts: Iterable[DistrictId], window: Window, address: TileAddress
) -> tuple[Path, ...]:
    """The working copies that a tile may show, the newest flight first; those that were deleted are left out."""
    if address.zoom < IMAGERY_FROM:
        return ()
    with database.snapshot() as connection:
        flights = last_imagery(connection, frozenset(districts), extent_of(address, edge_units=0), window)
    paths = (files.working(flight) / WORKING_NAME for flight in flights[:MOST_FLIGHTS])
    return tuple(path for path in paths if path.is_file())


def imagery_tile(workings: Sequence[Path], address: TileAddress) -> Tile | None:
    """Their imagery, the first on top; None where there is none."""
    return newest_tile(workings, address) if workings else None
