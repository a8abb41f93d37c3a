"""Mosaics of the bench are put together from six painted patches; two show the same, and painting takes the time."""

import pytest

from pipeline.bench import mosaic


@pytest.fixture(autouse=True)
def two_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosaic, "PATCHES", 2)
