"""Laws of models: there is one champion, a manager's signature made it so, and what is not better needs a reason."""

from typing import Final

from pipeline.domain.registry import ALLOWED, OFFERED
from pipeline.store.laws.law import Change, Consequence, Law, frozen, never_deleted
from pipeline.store.laws.review import has_role
from pipeline.store.laws.survey import NEWEST, newest_leaf
from pipeline.store.tables import models, promotions

MODEL_STANDINGS: Final = """
SELECT models.id AS model_id, CASE
  WHEN models.id = (SELECT p.model_id FROM promotions p ORDER BY p.number DESC LIMIT 1) THEN 'champion'
  WHEN EXISTS (SELECT 1 FROM promotions p WHERE p.model_id = models.id) THEN 'retired'
  ELSE 'challenger' END AS state
FROM models"""
"""Where a model stands, derived from promotions. ``models.state`` is a copy of it: there is one champion, or none."""

STANDING: Final = "(SELECT standing.state FROM model_standings standing WHERE standing.model_id = NEW.id)"
MOVES: Final = " OR ".join(
    f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, ways in ALLOWED.items() for after in sorted(ways)
)
GOOD: Final = ", ".join(f"'{outcome}'" for outcome in sorted(OFFERED))
BEFORE_LAST: Final = "(SELECT p.model_id FROM promotions p ORDER BY p.number DESC LIMIT 1)"


def _law(table: str, change: Change, sentence: str, broken: str) -> Law:
    return Law(table=table, change=change, broken=broken, sentence=sentence)


MODELS: Final = (
    *never_deleted(models, "models"),
    frozen(models, "models", but=("state",)),
    _law("models", Change.INSERT, "a model begins as a challenger", "NEW.state <> 'challenger'"),
    _law(
        "models",
        Change.INSERT,
        "a new model needs its leaf in the ledger",
        f"NEW.leaf IS DISTINCT FROM {NEWEST} OR NOT " + newest_leaf("NEW.id", "model.added"),
    ),
    _law(
        "models",
        Change.UPDATE,
        "a model stands where promotions put it",
        f"NEW.state <> OLD.state AND (NEW.state IS DISTINCT FROM {STANDING} OR NOT ({MOVES}))",
    ),
    *never_deleted(promotions, "promotions"),
    frozen(promotions, "promotions"),
    _law(
        "promotions",
        Change.INSERT,
        "promotions are counted from 1",
        "NEW.number IS DISTINCT FROM (SELECT COUNT(*) + 1 FROM promotions)",
    ),
    _law(
        "promotions",
        Change.INSERT,
        "only a manager promotes a model",
        f"NOT {has_role('NEW.person_id', 'manager')}",
    ),
    _law(
        "promotions",
        Change.INSERT,
        "a promotion needs the manager's signature in the ledger",
        f"NEW.leaf IS DISTINCT FROM {NEWEST} OR NOT "
        + newest_leaf(
            "NEW.model_id",
            "model.promoted",
            "model.rolled_back",
            more="AND leaf.person_id = NEW.person_id AND leaf.at = NEW.at "
            "AND (leaf.kind = 'model.rolled_back') = (NEW.step = 'roll_back')",
        ),
    ),
    _law(
        "promotions",
        Change.INSERT,
        "a model that was not shown to be better is promoted only with a reason for doing so all the same",
        "NEW.step = 'promotion' AND length(trim(NEW.override)) = 0 AND NOT EXISTS (SELECT 1 FROM models what "
        f"WHERE what.id = NEW.model_id AND what.outcome IN ({GOOD}))",
    ),
    _law(
        "promotions",
        Change.INSERT,
        "only what was champion before is rolled back to",
        "NEW.step = 'roll_back' AND NOT EXISTS (SELECT 1 FROM promotions p WHERE p.model_id = NEW.model_id)",
    ),
    _law(
        "promotions",
        Change.INSERT,
        "the model that was there before any other comes first",
        "(NEW.step = 'founding') <> (NEW.number = 1) OR (NEW.step = 'founding' AND NOT EXISTS "
        "(SELECT 1 FROM models what WHERE what.id = NEW.model_id AND what.outcome = 'founding'))",
    ),
    _law(
        "promotions",
        Change.INSERT,
        "this model is champion already",
        f"NEW.model_id = {BEFORE_LAST}",
    ),
)

CONSEQUENCES: Final = (
    Consequence(
        table="promotions",
        change=Change.INSERT,
        statement="UPDATE models SET state = (SELECT standing.state FROM model_standings standing "
        "WHERE standing.model_id = models.id) WHERE state <> (SELECT standing.state FROM model_standings standing "
        "WHERE standing.model_id = models.id)",
    ),
)
