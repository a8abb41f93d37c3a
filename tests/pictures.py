"""Tiny labelled pictures: what COCO files and masks lie over."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rasters import green_ground


def write_pictures(folder: Path, number: int, *, side: int = 128) -> list[Path]:
    """``pictures/0.jpg`` and so on, all different."""
    paths = [folder / "pictures" / f"{n}.jpg" for n in range(number)]
    for seed, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(green_ground(side, side, seed)).save(path)
    return paths


def write_coco(folder: Path, segmentations: list[Any], **annotation: Any) -> dict[str, Any]:
    """``coco.json`` with one annotation of ``red`` for each of the pictures ``0.jpg`` and so on."""
    content: dict[str, Any] = {
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 128, "height": 128} for n in range(len(segmentations))],
        "categories": [{"id": 7, "name": "red"}],
        "annotations": [
            {"image_id": n, "category_id": 7, "segmentation": segmentation, **annotation}
            for n, segmentation in enumerate(segmentations)
        ],
    }
    (folder / "coco.json").write_text(json.dumps(content))
    return content


def write_mask(path: Path, mask_hw: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(mask_hw).save(path)


def add_source(dataset: Path, lines: str, *, role: str = "train", field: str = "p") -> None:
    """A further source of a data set."""
    said = f'\n[[source]]\nrole = "{role}"\nfield = "{field}"\ngsd_m = 0.02\n{lines}\n'
    dataset.write_text(dataset.read_text() + said)


def add_key(dataset: Path, line: str) -> None:
    """A further key of the last source."""
    dataset.write_text(f"{dataset.read_text()}{line}\n")


def square_and_speck(*, value: int = 1, side: int = 128) -> npt.NDArray[np.uint8]:
    """A mask with a square of 32 px, and a speck of 2 px that does not touch it."""
    mask_hw = np.zeros((side, side), np.uint8)
    mask_hw[8:40, 16:48] = value
    mask_hw[60, 60] = mask_hw[61, 61] = value
    return mask_hw
