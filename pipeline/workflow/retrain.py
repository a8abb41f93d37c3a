"""Retrain: from a configuration to a model bundle, with a page of what was learnt and what it still gets wrong."""

from pathlib import Path

from pipeline.domain.progress import Report, say_nothing
from pipeline.learning.journal import CURVE
from pipeline.learning.plan import load_config
from pipeline.learning.train import train
from pipeline.workflow.evaluate import Question, evaluate
from pipeline.workflow.quantise import quantise_bundle


def retrain(config: Path, out: Path, report: Report = say_nothing) -> Path:
    """Train what the TOML file ``config`` describes in ``out``, resuming what was stopped; return the bundle's folder.

    The bundle gets an int8 network where that finds the same plots (workflow.quantise). The run folder also gets
    ``evaluation.json`` and ``evaluation.html``: the card's numbers on validation ground, the learning curve, and the
    worst mistakes as pictures.

    Raises:
        NotFoundError: The configuration, or a file that it or its data set names, is missing.
        InvalidInputError: One of them cannot be used.
    """
    told = load_config(config)
    bundle = train(told, out, report)
    quantise_bundle(bundle, told.data, report)
    evaluate(Question(model=bundle, data=told.data, engine="torch"), out, report, curve=out / CURVE)
    return bundle
