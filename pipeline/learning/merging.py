"""Data sets put together: a ``DATASET.toml`` that names the sources of several, from wherever it lies."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from pipeline.learning.sources import DATASET_VERSION, DataSet, Source

PATHS: Final = ("orthomosaic", "labels", "coco", "images", "masks")


def merged(first: DataSet, second: DataSet) -> DataSet:
    """The sources of both; ``first`` says what the target is called, and its list of look-alikes grows if it has one.

    The result lies in no folder: its paths are absolute, or globs from ``/``.
    """
    look_alikes = first.look_alikes
    if look_alikes is not None:
        look_alikes = (*look_alikes, *(name for name in second.look_alikes or () if name not in look_alikes))
    return replace(
        first,
        name=f"{first.name}, {second.name}",
        look_alikes=look_alikes,
        unknown=tuple(dict.fromkeys((*first.unknown, *second.unknown))),
        source=tuple(_placed(source, one.folder) for one in (first, second) for source in one.source),
    )


def dataset_toml(dataset: DataSet, folder: Path) -> str:
    """The text of a data set whose paths are absolute, as a ``DATASET.toml`` in ``folder``."""
    head: dict[str, Any] = {"version": DATASET_VERSION, "name": dataset.name, "licence": dataset.licence}
    head["target"] = dataset.target
    if dataset.look_alikes is not None:
        head["look_alikes"] = dataset.look_alikes
    if dataset.unknown:
        head["unknown"] = dataset.unknown
    return "\n".join([_lines(head.items()), *("[[source]]\n" + _lines(_said(one, folder)) for one in dataset.source)])


def _placed(source: Source, folder: Path) -> Source:
    """A source whose paths do not depend on where its data set lies."""
    here = folder.absolute()
    changed = {name: here / str(value) for name in PATHS if (value := getattr(source, name)) is not None}
    globs: dict[str, Any] = {name: str(changed[name]) for name in ("images", "masks") if name in changed}
    placed: dict[str, Any] = {**changed, **globs}
    return replace(source, **placed)


def _said(source: Source, folder: Path) -> Iterator[tuple[str, Any]]:
    """The keys of a source that say more than the default, its paths from ``folder``."""
    for field in fields(source):
        value = getattr(source, field.name)
        if field.name in PATHS and value is not None:
            yield field.name, Path(os.path.relpath(value, folder.absolute())).as_posix()
        elif value != field.default:
            yield field.name, value


def _lines(pairs: Iterable[tuple[str, Any]]) -> str:
    """Keys and values as TOML; JSON's numbers, strings and lists are TOML's too."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}\n" for key, value in pairs)
