"""Synthetic farmland with exact truth: a drone mosaic of any size from a seed, streamed, the same for ever.

For the demo, for tests that need to know every plot, and for runs at scale. It shows nobody's land. Files follow the
making: ``spec`` (what is asked for, and the day's conditions), ``ground`` ``homes`` ``siting`` ``layout`` (what is
where), ``swatch`` ``crops`` ``poppies`` ``atlas`` (what it looks like), ``light`` ``render`` (what a camera sees of
it), ``flown`` (truth) and ``writing``.

A scene is a folder of three files, version 1:

    orthomosaic.tif  8-bit RGB, tiled JPEG, UTM, internal mask: not flown
    truth.gpkg       layer ``labels``: ``class`` (poppy, or the look-alikes flower_bed, lettuce, cabbage), ``area_m2``,
                     and ``stage``, ``colour``, ``site``
    scene.json       the spec and how many plots there are of each class
"""

from pipeline.imagery.scenes.spec import SceneSpec
from pipeline.imagery.scenes.writing import SceneFiles, write_scene

__all__ = ["SceneFiles", "SceneSpec", "write_scene"]
