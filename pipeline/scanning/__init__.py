"""The hot path, from windows to candidate plots: the only importer of OpenVINO."""
