"""Speed, side by side with the peers, in one run: only ratios of one run count, because machines differ and are noisy.

``mosaic`` makes the imagery, ``race`` starts each contestant in a process of its own and takes medians, ``course`` is
what such a process does, and ``contestants`` holds one script for each way to get from pixels to a score raster. They
measure other people's tools, so they may use what the rest of the software may not. Needs the [bench] extra; a
contestant whose package is missing is named as missing.

``bench.json``, ``version`` 1: date, CPU, versions, the mosaic, and for each contestant its runs and their median.
"""
