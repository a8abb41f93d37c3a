"""A candidate plot: a piece of land the model asks about."""

from dataclasses import dataclass

from shapely import MultiPolygon, Polygon

from pipeline.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePlot:
    """Cells that belong together and score high enough to ask a person about.

    ``outline`` is in the mosaic's CRS; ``score`` is the highest calibrated probability of its cells, in [0, 1];
    ``cells`` is how many cells it covers and ``area_m2`` the flown ground inside them.
    """

    outline: Polygon | MultiPolygon
    class_name: str
    score: float
    area_m2: float
    cells: int

    def __post_init__(self) -> None:
        """Refuse a plot of no ground.

        Raises:
            InvalidInputError: The score is no probability, or there is no cell or no area.
        """
        if not 0 <= self.score <= 1:
            raise InvalidInputError(f"score {self.score} must be in [0, 1]")
        if self.cells < 1 or not self.area_m2 > 0:
            raise InvalidInputError(f"a plot of {self.cells} cells and {self.area_m2} m2 covers no ground")
