"""The hot path, from windows to candidate plots: the only importer of OpenVINO."""

from pipeline.settings import silence_calls_home

# Before openvino is imported anywhere below: it reports its import to its makers.
silence_calls_home()
