"""One script a contestant: the same network, weights and mosaic for all. Each runs as ``python -m``, with one job."""
