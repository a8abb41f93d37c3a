"""Survey areas drawn in a GIS: polygons from a GeoPackage, a GeoJSON or a zipped shapefile, as longitude and latitude.

GDAL is shown a file only after its first bytes say that it is what its name says: a virtual format under another name
could read any file of the server.
"""

import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.placing import crs_name, moved_to_crs

LONGITUDE_LATITUDE: Final = "EPSG:4326"
BEGINNINGS: Final = {
    ".gpkg": (b"SQLite format 3\x00",),
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".zip": (b"PK\x03\x04",),
}
SHAPEFILE: Final = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
MOST_BYTES: Final = 512 * 1024**2
MOST_AREAS: Final = 10_000
NAMES: Final = ("name", "名称", "名字")
"""Fields that are taken for the name of an area where none is named, in capital or small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A named polygon in degrees (EPSG:4326) and its size on the ground."""

    name: str
    outline: shapely.Polygon | shapely.MultiPolygon
    area_m2: float


def read_areas(path: Path, *, name_field: str | None = None) -> tuple[Area, ...]:
    """The polygons of a vector file. An area without a name is called after the file and its number.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is of another kind, damaged, too large, has no reference system or something that is no
            polygon on the globe.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    with _openable(path) as file:
        crs, outlines, names = _read(file, path.name, name_field)
    if not 0 < len(outlines) <= MOST_AREAS:
        raise InvalidInputError(f"{path.name} holds {len(outlines)} areas; 1 to {MOST_AREAS} can be imported")
    if crs is None:
        raise InvalidInputError(f"{path.name} names no reference system; write it into the file (a shapefile's .prj)")
    return tuple(
        _area(outline, crs, name or f"{path.stem} {number}", path.name)
        for number, (outline, name) in enumerate(zip(outlines, names, strict=True), start=1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Some fields of each polygon as text, "" for none; ``left_out`` counts fields that were not read."""

    rows: tuple[dict[str, str], ...]
    left_out: int


def field_names(path: Path) -> tuple[str, ...]:
    """The names of the fields of a vector file.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is of another kind, or damaged.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    with _openable(path) as file:
        try:
            return tuple(str(field) for field in pyogrio.read_info(file)["fields"])
        except (DataSourceError, DataLayerError) as error:
            raise InvalidInputError(f"{path.name} cannot be read; export it anew") from error


def read_fields(path: Path, wanted: tuple[str, ...]) -> Fields:
    """The fields ``wanted`` of a vector file, in the order of ``read_areas``; the values of others are never read.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is of another kind, damaged, or lacks one of the fields.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    with _openable(path) as file:
        try:
            layer = pyogrio.list_layers(file)[0][0]
            there = [str(field) for field in pyogrio.read_info(file, layer=layer)["fields"]]
            missing = [field for field in wanted if field not in there]
            if missing:
                raise InvalidInputError(f"{path.name} has no field {', '.join(missing)}; it needs {', '.join(wanted)}")
            meta, _, _, columns = pyogrio.raw.read(file, layer=layer, columns=list(wanted), read_geometry=False)
        except (DataSourceError, DataLayerError, IndexError) as error:
            raise InvalidInputError(f"{path.name} cannot be read; export it anew") from error
    named = dict(zip([str(field) for field in meta["fields"]], columns, strict=True))
    values = [[_text(value) for value in named[field]] for field in wanted]
    rows = tuple(dict(zip(wanted, row, strict=True)) for row in zip(*values, strict=True))
    return Fields(rows=rows, left_out=len(there) - len(wanted))


@contextmanager
def _openable(path: Path) -> Iterator[Path]:
    """The file that GDAL may open: the one given, or the shapefile of a zip in a folder of its own."""
    begins = BEGINNINGS.get(path.suffix.lower())
    if begins is None:
        raise InvalidInputError(
            f"{path.name} is of no kind that can be read, use .gpkg, .geojson or a .zip of a shapefile"
        )
    if path.stat().st_size > MOST_BYTES:
        raise InvalidInputError(f"{path.name} is larger than {MOST_BYTES // 1024**2} MB; simplify its outlines")
    with path.open("rb") as file:
        head = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(begins):
        raise InvalidInputError(f"{path.name} is not what its name says; export it anew")
    if path.suffix.lower() != ".zip":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="plotwatch-areas-") as folder:
        yield _unpacked(path, Path(folder))


def _unpacked(path: Path, folder: Path) -> Path:
    """The parts of the one shapefile in a zip, under names of our own."""
    try:
        with zipfile.ZipFile(path) as opened:
            parts = {
                PurePosixPath(member.filename).suffix.lower(): member
                for member in opened.infolist()
                if PurePosixPath(member.filename).suffix.lower() in SHAPEFILE
            }
            shapes = [member for member in opened.namelist() if member.lower().endswith(".shp")]
            if len(shapes) != 1:
                raise InvalidInputError(f"{path.name} holds {len(shapes)} shapefiles; pack exactly one")
            if sum(part.file_size for part in parts.values()) > MOST_BYTES:
                raise InvalidInputError(f"{path.name} unpacks to more than {MOST_BYTES // 1024**2} MB; simplify it")
            for suffix, part in parts.items():
                (folder / f"areas{suffix}").write_bytes(opened.read(part))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise InvalidInputError(f"{path.name} is damaged, encrypted or of an unknown kind; pack it again") from error
    return folder / "areas.shp"


def _read(file: Path, shown: str, name_field: str | None) -> tuple[str | None, npt.NDArray[np.object_], list[str]]:
    """Reference system, outlines and names ("" for none)."""
    try:
        layers = pyogrio.list_layers(file)
        if len(layers) != 1:
            raise InvalidInputError(f"{shown} has {len(layers)} layers; leave only that of the areas")
        fields = [str(field) for field in pyogrio.read_info(file, layer=layers[0][0])["fields"]]
        field = _name_field(fields, name_field, shown)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL grumbles about rings that make_valid mends below
            meta, _, wkb, columns = pyogrio.raw.read(file, layer=layers[0][0], columns=[field] if field else [])
        outlines = np.asarray(shapely.from_wkb(wkb), object)
    except (DataSourceError, DataLayerError, shapely.errors.ShapelyError) as error:
        raise InvalidInputError(f"{shown} cannot be read; export it anew") from error
    names = [_text(value) for value in columns[0]] if field else [""] * len(outlines)
    return meta["crs"], outlines, names


def _name_field(fields: list[str], wanted: str | None, shown: str) -> str | None:
    if wanted is not None and wanted not in fields:
        raise InvalidInputError(f"{shown} has no field {wanted!r}; its fields are: {', '.join(fields) or 'none'}")
    return wanted or next((field for field in fields if field.casefold() in NAMES), None)


def _text(value: Any) -> str:
    """A name on one line, of at most 200 characters; "" where there is none."""
    if value is None or value != value:  # noqa: PLR0124 only NaN differs from itself
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)).split())[:200]


def _area(outline: Any, crs: str, name: str, shown: str) -> Area:
    """One area in degrees, whole and flat."""
    if outline is None or outline.geom_type not in {"Polygon", "MultiPolygon"} or outline.is_empty:
        raise InvalidInputError(f"{shown}: {name} is no polygon")
    flat = shapely.force_2d(outline)
    turned = shapely.transform(flat, lambda points: moved_to_crs(points, crs, LONGITUDE_LATITUDE))
    if not np.isfinite(shapely.get_coordinates(turned)).all() or not _on_the_globe(turned):
        raise InvalidInputError(f"{shown}: {name} has no place on the globe; are its coordinates in {crs_name(crs)}?")
    whole = _polygons(shapely.make_valid(turned))
    if whole.is_empty:
        raise InvalidInputError(f"{shown}: {name} covers no ground")
    return Area(name=name, outline=whole, area_m2=_area_m2(whole))


def _on_the_globe(outline: Any) -> bool:
    west, south, east, north = outline.bounds
    return bool(-180 <= west <= east <= 180 and -90 <= south <= north <= 90)  # noqa: PLR2004 degrees


def _polygons(outline: Any) -> Any:
    """What of a mended outline has an area."""
    if outline.geom_type in {"Polygon", "MultiPolygon"}:
        return outline
    parts = [part for part in shapely.get_parts(outline) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _area_m2(outline: Any) -> float:
    """Size on the ground, by an equal-area projection around the middle of the outline."""
    middle = outline.envelope.centroid
    local = f"+proj=laea +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m"
    return float(shapely.transform(outline, lambda points: moved_to_crs(points, LONGITUDE_LATITUDE, local)).area)
