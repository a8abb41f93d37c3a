"""Catalogue: a flight as a STAC Item (1.1) with the projection, raster, file and processing extensions.

Where the bundle that scanned it is at hand, the network is an asset and the MLM extension describes it; that extension
allows no Item without the model. The lineage names the model in any case.
Its footprint is where the mask says it was flown, in longitude and latitude. Each asset carries its size and its
sha256 as a multihash (``1220`` and the digest). Where nobody said when it was flown, ``datetime`` is null and the
interval says all that is known: not later than the scan.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pystac
import shapely
from pystac.extensions.mlm import (
    AssetGeneralMLMExtension,
    InputStructure,
    MLMExtension,
    ModelInput,
    ModelOutput,
    ResultStructure,
    TaskType,
)
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import DataType

from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.errors import InvalidInputError
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.footprint import flown_outline
from pipeline.imagery.intake import IntakeRecord, read_intake_record
from pipeline.imagery.looked import kept_looked, plane_in
from pipeline.imagery.placing import epsg_code, outline_in_degrees
from pipeline.imagery.working import WORKING_NAME
from pipeline.scanning.results import ScanRecord, read_scan_record
from pipeline.workflow.catalogue_layers import Layer, add_layer, beside, layers_of
from pipeline.workflow.fly_again import kept_patches
from pipeline.workflow.order import WORKING

PROCESSING: Final = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"
BEFORE_DRONES: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Begins the interval of a flight of which nobody said when it was: STAC wants both ends."""
BANDS: Final = ("red", "green", "blue")
"""What the network reads, in its order."""
SHOWS_LAND: Final = frozenset({"orthomosaic", "report"})
"""Assets with pictures: not there any more where imagery was let go."""
FOOTPRINT_STEPS: Final = 1.5
"""A footprint may leave the mask's outline by this many steps of it (a step is a 512th of the raster)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be catalogued: the folders of a finished scan, and what people know of the flight."""

    results: Path
    working: Path | None = None
    """Folder of the working copy; None: inside the results."""
    id: str | None = None
    """None: begins with the original's name, and ends with the first digits of its sha256."""
    flown_on: date | None = None
    """Local date."""
    model: Path | None = None
    """The bundle that scanned it, where it is at hand: its network becomes an asset, as the MLM extension wants."""

    @property
    def workplace(self) -> Path:
        """The folder of the working copy."""
        return self.working or self.results / WORKING


Link = Callable[[str, Path], str]
"""The href of an asset, given its key and its file."""


def stac_item(entry: Entry, link: Link | None = None) -> dict[str, Any]:
    """The Item of a flight, as JSON would have it; hrefs are relative to the results unless ``link`` gives them.

    Raises:
        NotFoundError: No scan was finished there.
        InvalidInputError: A record is damaged.
    """
    scan, intake = read_scan_record(entry.results), read_intake_record(entry.workplace)
    kept_patches(entry.results)  # a result of an earlier version gets the file now
    item = _item(entry, scan, intake)
    _place(item, intake.orthomosaic)
    for key, layer in _kept(layers_of(entry.results, entry.workplace, intake)).items():
        add_layer(item, key, layer, link(key, layer.path) if link else beside(entry.results, layer.path))
    _process(item, scan)
    if entry.model is not None:
        network = _network(entry.model, scan)
        add_layer(item, "model", network, link("model", network.path) if link else network.path.as_posix())
        _model(item, scan)
    content: dict[str, Any] = item.to_dict(include_self_link=False, transform_hrefs=False)
    return content


def _item(entry: Entry, scan: ScanRecord, intake: IntakeRecord) -> pystac.Item:
    mosaic = intake.orthomosaic
    footprint = _footprint(entry, mosaic)
    begun, ended = _flown_between(entry.flown_on, datetime.fromisoformat(scan.scanned_at))
    return pystac.Item(
        id=entry.id or f"{Path(mosaic.name).stem}-{mosaic.original_sha256[:12]}",
        geometry=json.loads(shapely.to_geojson(footprint)),
        bbox=[round(degree, 9) for degree in footprint.bounds],
        datetime=None,
        start_datetime=begun,
        end_datetime=ended,
        properties={
            "title": mosaic.name,
            "description": "Candidate plots of a drone orthomosaic, for verification by people; none is a finding.",
            "created": scan.scanned_at.replace("+00:00", "Z"),
            "gsd": round(mosaic.georeference.gsd_m, 6),
        },
    )


def _flown_between(flown_on: date | None, scanned_at: datetime) -> tuple[datetime, datetime]:
    """When the flight was, at the earliest and at the latest. A local date of unknown zone is taken as UTC's."""
    if flown_on is None:
        return BEFORE_DRONES, scanned_at
    return datetime.combine(flown_on, time.min, UTC), datetime.combine(flown_on, time(23, 59, 59), UTC)


def _kept(layers: Mapping[str, Layer]) -> dict[str, Layer]:
    """Without what shows land, where the imagery was let go; any other file that lacks is damage."""
    gone = () if layers["orthomosaic"].path.is_file() else SHOWS_LAND
    return {key: layer for key, layer in layers.items() if key not in gone}


def _footprint(entry: Entry, mosaic: Orthomosaic) -> shapely.Geometry:
    """Where the mosaic was flown, in degrees; without the steps of the mask it is read from."""
    working = entry.workplace / WORKING_NAME
    if not working.is_file():
        return plane_in(kept_looked(entry.results).imaged, "EPSG:4326")
    size, place = mosaic.size, mosaic.georeference
    outline = flown_outline(working, place, (0, 0, size.width_px, size.height_px))
    step = max(size.width_px * place.pixel_width, size.height_px * place.pixel_height) / 512
    return outline_in_degrees(place, outline.simplify(FOOTPRINT_STEPS * step))


def _place(item: pystac.Item, mosaic: Orthomosaic) -> None:
    place, size = mosaic.georeference, mosaic.size
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    code = epsg_code(place)
    projection.code = f"EPSG:{code}" if code else None
    if code is None:
        projection.wkt2 = place.crs
    projection.shape = [size.height_px, size.width_px]
    projection.transform = [place.pixel_width, 0.0, place.left, 0.0, -place.pixel_height, place.top]


def _process(item: pystac.Item, scan: ScanRecord) -> None:
    """What software made it, from what."""
    original, model = scan.orthomosaic, scan.model
    item.stac_extensions.append(PROCESSING)
    item.properties["processing:software"] = {"plotwatch": scan.software.removeprefix("plotwatch ")}
    item.properties["processing:datetime"] = scan.scanned_at.replace("+00:00", "Z")
    item.properties["processing:level"] = "L4"
    item.properties["processing:lineage"] = (
        f"Original {original.name} (sha256 {original.sha256}, {original.bytes} bytes) taken in as a working copy; "
        f"every cell scored by the model {model.name} (sha256 {model.sha256}, {model.precision}); cells at or above "
        f"{model.threshold_low:g} joined around cells at or above {model.threshold_high:g}. Catalogued by plotwatch "
        f"{version('plotwatch')}."
    )


def _model(item: pystac.Item, scan: ScanRecord) -> None:
    """The model that asked, as the MLM extension names it."""
    model = scan.model
    pixels = ModelInput.create(
        name="pixels",
        bands=list(BANDS),
        input=InputStructure.create([-1, -1, -1, 3], ["batch", "height", "width", "bands"], DataType.UINT8),
        description=f"uint8 pixels at a ground sampling distance of {model.gsd_m:g} m; normalisation is in the network",
    )
    logits = ModelOutput.create(
        name="logits",
        tasks=[TaskType.CLASSIFICATION],
        result=ResultStructure.create([-1, 1, -1, -1], ["batch", "class", "row", "column"], DataType.FLOAT32),
        description=f"One logit of {model.classes[0]} a cell, calibrated to a probability afterwards",
    )
    MLMExtension.ext(item, add_if_missing=True).apply(
        name=model.name,
        architecture="fully convolutional classifier of cells",
        tasks=[TaskType.CLASSIFICATION],
        input=[pixels],
        output=[logits],
        framework="OpenVINO",
        pretrained=True,
    )
    for name in ("mlm:pretrained_source", "mlm:accelerator"):
        item.properties.pop(name, None)  # null would say: not pre-trained
    item.properties["mlm:hyperparameters"] = {
        "threshold_high": model.threshold_high,
        "threshold_low": model.threshold_low,
        "precision": model.precision,
        "bundle_sha256": model.sha256,
    }
    asset = item.assets["model"]
    AssetGeneralMLMExtension.ext(asset).apply(artifact_type="ONNX")
    asset.extra_fields["bands"] = [{"name": name} for name in BANDS]


def _network(bundle: Path, scan: ScanRecord) -> Layer:
    """The network of the bundle that made a scan.

    Raises:
        InvalidInputError: It is another bundle.
    """
    manifest = bundle / "bundle.json"
    if not manifest.is_file() or sha256_of(manifest) != scan.model.sha256:
        raise InvalidInputError(f"{bundle} is not the model of this scan, which is {scan.model.name}")
    return Layer(
        path=bundle / "model.onnx", title="The network that asked", media="application/octet-stream", role="mlm:model"
    )
