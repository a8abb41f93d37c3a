"""Retrain: from a configuration to a model bundle."""

from pathlib import Path

from pipeline.domain.progress import Report, say_nothing
from pipeline.learning.plan import load_config
from pipeline.learning.train import train


def retrain(config: Path, out: Path, report: Report = say_nothing) -> Path:
    """Train what the TOML file ``config`` describes in ``out``, resuming what was stopped; return the bundle's folder.

    Raises:
        NotFoundError: The configuration, or a file that it or its data set names, is missing.
        InvalidInputError: One of them cannot be used.
    """
    return train(load_config(config), out, report)
