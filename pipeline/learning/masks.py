"""Labels painted as masks: one for each picture, and each connected group of target pixels is a plot.

Axes: b = band, h = row, w = column.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.masks import grouped_outlines, read_bands
from pipeline.imagery.placing import place_of
from pipeline.learning.drawing import Drawing, Label
from pipeline.learning.sources import Source

ENDINGS: Final = ("_mask", "-mask", "_masks", "_label", "-label", "_labels", "_seg", "_gt")
"""What a mask's name may add to its picture's."""
MOST_NAMED: Final = 8
"""Values or colours that a message lists."""
COLOUR_BANDS: Final = 3


def read_masked(source: Source, folder: Path, class_name: str) -> Iterator[Drawing]:
    """Each picture of ``source`` with one label for each group of target pixels that touch, also at a corner.

    Only one mask is in memory at a time.

    Raises:
        InvalidInputError: A picture has no mask or several, a mask has another size, is coloured where no colour was
            named, or no mask holds the target value. Says which and how many.
        NotFoundError: A glob finds nothing.
    """
    pairs = _pairs(source, folder)
    _check_sizes(pairs)
    seen: set[int | tuple[int, ...]] = set()
    found = 0
    for picture, mask in pairs:
        target_hw = _target(source, mask, seen)
        found += bool(target_hw.any())
        outlines, left_out = grouped_outlines(target_hw, least_px=source.least_target_px)
        note = f"{left_out} of {left_out + len(outlines)} groups of target pixels in {mask.name} were left out"
        because = f"they are smaller than {source.least_target_px} px (least_target_px) and count as clear."
        labels = tuple(Label(outline=outline, class_name=class_name) for outline in outlines)
        yield Drawing(path=picture, labels=labels, notes=(f"{note}: {because}",) if left_out else ())
    if not found:
        raise _no_target(source, len(pairs), seen)


def _pairs(source: Source, folder: Path) -> list[tuple[Path, Path]]:
    """Each chosen picture and its mask."""
    images, masks = source.images or "", source.masks or ""
    of_stem: dict[str, list[Path]] = {}
    for path in _files(folder, masks):
        of_stem.setdefault(path.stem, []).append(path)
    used = {path for paths in of_stem.values() for path in paths}
    everything = [path for path in _files(folder, images) if path not in used]
    pictures = [path for path in everything if any(fnmatch(path.name, glob) for glob in source.pictures)]
    if not pictures:
        raise NotFoundError(f"{images} finds no picture; masks found by {masks}: {len(used)}")
    masks_of = {picture: _masks_of(picture.stem, of_stem) for picture in pictures}
    without = [picture.name for picture, found in masks_of.items() if not found]
    several = [picture.name for picture, found in masks_of.items() if len(found) > 1]
    for wrong, what in ((without, "no mask"), (several, "more than one mask")):
        if wrong:
            raise InvalidInputError(
                f"{len(wrong)} of {len(pictures)} pictures have {what} in {masks}, first {wrong[0]}; a mask has its "
                f"picture's name, or that and {ENDINGS[0]}"
            )
    return [(picture, found[0]) for picture, found in masks_of.items()]


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files of a glob, or all of a folder."""
    here = folder / pattern
    return sorted(path for path in (here.iterdir() if here.is_dir() else folder.glob(pattern)) if path.is_file())


def _masks_of(stem: str, of_stem: dict[str, list[Path]]) -> list[Path]:
    """The masks that a picture's name may mean: the plain name before one with an ending."""
    return of_stem.get(stem) or [path for ending in ENDINGS for path in of_stem.get(stem + ending, ())]


def _check_sizes(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Refuse masks of another size than their pictures."""
    differing = [
        f"{mask.name} has {of_mask.width_px} x {of_mask.height_px} px, {picture.name} "
        f"{of_picture.width_px} x {of_picture.height_px}"
        for picture, mask in pairs
        for of_mask, of_picture in [(place_of(mask, flat=True).size, place_of(picture).size)]
        if of_mask != of_picture
    ]
    if differing:
        raise InvalidInputError(
            f"{len(differing)} of {len(pairs)} masks differ in size from their pictures: {differing[0]}"
        )


def _target(source: Source, mask: Path, seen: set[int | tuple[int, ...]]) -> npt.NDArray[np.bool_]:
    """Where a mask marks the target; adds to ``seen`` what it holds. bool [h, w]."""
    bands_bhw = read_bands(mask)
    colours_bhw = bands_bhw[:COLOUR_BANDS]
    coloured = len(bands_bhw) >= COLOUR_BANDS and (colours_bhw != colours_bhw[:1]).any()
    if source.target_colour is not None:
        if len(bands_bhw) < COLOUR_BANDS:
            raise InvalidInputError(f"{mask.name} has no colours; use target_value instead of target_colour")
        seen |= _colours(colours_bhw)
        return np.asarray((colours_bhw == np.reshape(source.target_colour, (-1, 1, 1))).all(axis=0))
    if coloured:
        named = ", ".join(map(str, sorted(_colours(colours_bhw))[:MOST_NAMED]))
        raise InvalidInputError(
            f"{mask.name} is coloured; name the target's colour, target_colour = [red, green, blue]. It holds {named}"
        )
    seen |= {int(value) for value in np.unique(bands_bhw[0])}
    return np.asarray(bands_bhw[0] == source.target_value)


def _colours(colours_bhw: npt.NDArray[np.generic]) -> set[int | tuple[int, ...]]:
    """The colours of an 8-bit picture, by their numbers."""
    red_hw, green_hw, blue_hw = colours_bhw.astype(np.uint32)
    packed = np.unique((red_hw << 16) | (green_hw << 8) | blue_hw)
    return {(int(value >> 16), int(value >> 8 & 255), int(value & 255)) for value in packed}


def _no_target(source: Source, masks: int, seen: set[int | tuple[int, ...]]) -> InvalidInputError:
    """Why masks without any target cannot be used."""
    key, wanted = (
        ("target_colour", list(source.target_colour)) if source.target_colour else ("target_value", source.target_value)
    )
    named = ", ".join(map(str, sorted(seen, key=str)[:MOST_NAMED]))
    many = f" and {len(seen) - MOST_NAMED} more: is it a JPEG? A mask must be stored without loss" * (
        len(seen) > MOST_NAMED
    )
    return InvalidInputError(
        f"none of {masks} masks of {source.field!r} holds {key} {wanted}; they hold {named}{many}. "
        f"Set {key} to one of them"
    )
