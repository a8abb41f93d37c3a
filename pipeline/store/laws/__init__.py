"""What the database itself refuses, whoever asks and through whichever door: RULES of the survey as triggers.

``survey`` and ``review`` state the laws in SQL that both engines read alike; ``standing`` derives where a flag stands;
``enactment`` turns them into triggers of the engine at hand, and finds those that somebody took away.
"""

from pipeline.store.laws.enactment import enact, missing_laws, repeal

__all__ = ["enact", "missing_laws", "repeal"]
