"""May this ground be called seen? What keeps imagery from being assessed."""

from pipeline.domain.geometry import Georeference
from pipeline.domain.model import COARSEST, Manifest


def why_not_assessable(place: Georeference, model: Manifest) -> str | None:
    """Why a whole mosaic is not assessable by a model, in a sentence; None where it is."""
    if place.gsd_m <= model.coarsest_gsd_m * (1 + 1e-9):
        return None
    return (
        f"this mosaic has a ground sampling distance of {place.gsd_m * 100:.2f} cm; the model {model.name} was made "
        f"for {model.gsd_m * 100:.2f} cm and cannot be asked about ground coarser than {COARSEST} times that "
        f"({model.coarsest_gsd_m * 100:.2f} cm)"
    )
