"""Export flags: those of a district that a person may see, as a file for other people's software.

One layer ``flags`` in longitude and latitude (EPSG:4326), or a table with the outline as WKT. The file appears whole or
not at all. Times are UTC; a cell that a spreadsheet would compute is written with an apostrophe.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from pipeline.domain.format import Format, format_named
from pipeline.domain.people import DistrictId, Person
from pipeline.imagery.parquet import write_parquet
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.imagery.whole import whole_file
from pipeline.store.database import Database
from pipeline.store.search import Search
from pipeline.store.shown_flags import ShownFlag, flags_shown_to
from pipeline.workflow.show_flags import PROPERTIES, in_json, properties_of
from pipeline.workflow.spreadsheet import as_csv

WORLD: Final = "EPSG:4326"
DAYS: Final = frozenset({"flown_on"})
TIMES: Final = frozenset({"raised_at", "scanned_at"})
NUMBERS: Final = frozenset({"area_m2"})
OUTLINE: Final = "WKT"
"""The column of outlines in a table, by the name that GDAL and QGIS know."""


def export_flags(database: Database, person: Person, theirs: Iterable[DistrictId], form: Format, path: Path) -> int:
    """Write the flags of some districts that ``person`` may see; returns how many.

    Raises:
        NotFoundError: A district is none of theirs.
        InvalidInputError: Flags are not written in this format, or not on this machine.
    """
    write = WRITERS[format_named(form, WRITERS)]
    wanted = frozenset(theirs)
    for district in sorted(wanted):
        person.must_see(district, "such district")
    found = tuple(all_shown(database, person, wanted))
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        write(partial, found)
    return len(found)


def all_shown(database: Database, person: Person, theirs: frozenset[DistrictId]) -> Iterator[ShownFlag]:
    """Every flag that ``person`` may see, as they were at one moment."""
    search = Search()
    with database.snapshot() as connection:
        while page := flags_shown_to(connection, person, theirs, search):
            yield from page
            search = replace(search, after=page[-1].id)


def _layer(driver: str, **options: str) -> Callable[[Path, Sequence[ShownFlag]], None]:
    def write(path: Path, flags: Sequence[ShownFlag]) -> None:
        write_outlines(path, _outlines(flags), driver=driver, **options)

    return write


def _placemarks(path: Path, flags: Sequence[ShownFlag]) -> None:
    """KML's marks are called by the field ``Name``."""
    outlines = _outlines(flags)
    named = {"Name": outlines.fields["label"], **outlines.fields}
    write_outlines(path, replace(outlines, fields=named), driver="LIBKML")


def _outlines(flags: Sequence[ShownFlag]) -> Outlines:
    rows = [properties_of(flag) for flag in flags]
    fields = {name: _column(name, [row[name] for row in rows]) for name in PROPERTIES}
    outlines = [shapely.MultiPolygon(shapely.get_parts(flag.outline).tolist()) for flag in flags]
    return Outlines(layer="flags", crs=WORLD, kind="MultiPolygon", geometries=outlines, fields=fields)


def _column(name: str, values: list[Any]) -> np.ndarray[Any, Any]:
    if name in NUMBERS:
        return np.array(values, np.float64)
    if name in DAYS:
        return np.array(values, "datetime64[D]")
    if name in TIMES:
        return np.array([time.astimezone(UTC).replace(tzinfo=None) for time in values], "datetime64[ms]")
    return np.array(values, object)


def _table(path: Path, flags: Sequence[ShownFlag]) -> None:
    rows = ([flag.outline.wkt, *_said(flag)] for flag in flags)
    path.write_text(as_csv([OUTLINE, *PROPERTIES], rows), encoding="utf-8", newline="")


def _said(flag: ShownFlag) -> Iterator[Any]:
    said = properties_of(flag)
    return (in_json(said[name]) for name in PROPERTIES)


def _columns(path: Path, flags: Sequence[ShownFlag]) -> None:
    write_parquet(path, _outlines(flags))


WRITERS: Final[dict[Format, Callable[[Path, Sequence[ShownFlag]], None]]] = {
    Format.GPKG: _layer("GPKG"),
    Format.GEOJSON: _layer("GeoJSON", RFC7946="YES"),
    Format.GEOPARQUET: _columns,
    Format.KML: _placemarks,
    Format.CSV: _table,
}
"""The formats in which flags are written."""
