"""Raster files: the only importer of rasterio and rio-cogeo."""
