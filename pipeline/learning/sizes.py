"""Recall by the size of a plot: small ones are missed first, and an average hides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from pipeline.learning.evaluate import Judged
from pipeline.learning.plots import Share, labelled, tally_at_threshold

CLASSES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeClass:
    """Plots of one quarter of the sizes: the smallest and the largest of them, and how many were found."""

    from_m2: float
    to_m2: float
    recall: Share


def recall_by_size(judged: Sequence[Judged]) -> tuple[SizeClass, ...]:
    """The plots of all grounds, sorted by labelled area and cut into quarters; fewer where there are fewer plots."""
    areas, found = [np.zeros(0)], [np.zeros(0, bool)]
    for one in judged:
        labels = labelled(one.scored)
        areas.append(shapely.area(np.array(labels.plots, dtype=object)) * one.scored.pixel_area_m2)
        found.append(tally_at_threshold(one, labels).found)
    area_m2, was_found = np.concatenate(areas), np.concatenate(found)
    order = np.argsort(area_m2, kind="stable")
    return tuple(
        SizeClass(
            from_m2=float(area_m2[part[0]]),
            to_m2=float(area_m2[part[-1]]),
            recall=Share(hits=int(was_found[part].sum()), n=len(part)),
        )
        for part in np.array_split(order, CLASSES)
        if len(part)
    )
