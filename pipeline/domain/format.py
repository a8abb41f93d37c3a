"""Format: what other people's software reads, by the names and endings under which it knows it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pipeline.errors import InvalidInputError


class Format(StrEnum):
    """How flags and visits are written."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    GEOPARQUET = "geoparquet"
    KML = "kml"
    CSV = "csv"
    GPX = "gpx"

    @property
    def ending(self) -> str:
        """The ending of a file of this format, without a dot."""
        return "parquet" if self is Format.GEOPARQUET else self.value

    @property
    def media_type(self) -> str:
        """What a server says of it."""
        return MEDIA_TYPES[self]


MEDIA_TYPES: Final = {
    Format.GPKG: "application/geopackage+sqlite3",
    Format.GEOJSON: "application/geo+json",
    Format.GEOPARQUET: "application/vnd.apache.parquet",
    Format.KML: "application/vnd.google-earth.kml+xml",
    Format.CSV: "text/csv",
    Format.GPX: "application/gpx+xml",
}


def format_named(name: str, among: Iterable[Format] = Format) -> Format:
    """The format of that name.

    Raises:
        InvalidInputError: There is none, or it is not among those that can be written here.
    """
    known = [form for form in among if form.value == name]
    if not known:
        raise InvalidInputError(f"{name!r} cannot be written; choose one of {', '.join(among)}")
    return known[0]
