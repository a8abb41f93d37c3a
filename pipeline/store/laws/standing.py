"""Where a flag stands, derived from leases, verdicts in force and visits: ``domain.decision.standing`` as a view.

``flags.status`` is a copy of it. A trigger writes the copy; a law refuses any other value.
"""

from typing import Final

from pipeline.domain.decision import ADJUDICATOR, CORRECTED, FOUR_EYES
from pipeline.domain.flag import ALLOWED

VIEWS: Final = {
    "verdicts_in_force": """
SELECT given.flag_id, given.person_id, given.reader, given.verdict
FROM decisions given
WHERE NOT EXISTS (SELECT 1 FROM decisions later WHERE later.supersedes = given.id)""",
    "verdict_counts": """
SELECT flags.id AS flag_id,
  (SELECT COUNT(*) FROM verdicts_in_force v WHERE v.flag_id = flags.id) AS readers,
  (SELECT COUNT(*) FROM verdicts_in_force v WHERE v.flag_id = flags.id AND v.verdict = 'confirm') AS confirms,
  (SELECT COUNT(*) FROM verdicts_in_force v WHERE v.flag_id = flags.id AND v.verdict = 'reject') AS rejects,
  (SELECT v.verdict FROM verdicts_in_force v WHERE v.flag_id = flags.id ORDER BY v.reader DESC LIMIT 1) AS last,
  (SELECT COALESCE(visits.outcome, 'visit_planned') FROM visits WHERE visits.flag_id = flags.id
   ORDER BY visits.number DESC LIMIT 1) AS visit
FROM flags""",
    "flag_standings": f"""
SELECT flags.id AS flag_id, CASE
  WHEN c.visit IS NOT NULL THEN c.visit
  WHEN c.readers = 0 AND EXISTS (SELECT 1 FROM leases WHERE leases.flag_id = flags.id) THEN 'in_review'
  WHEN c.readers = 0 THEN 'unreviewed'
  WHEN c.confirms = c.readers AND c.confirms >= {FOUR_EYES} THEN 'confirmed'
  WHEN c.confirms = c.readers THEN 'in_review'
  WHEN c.rejects = c.readers AND flags.second_read AND c.rejects < {FOUR_EYES} THEN 'in_review'
  WHEN c.rejects = c.readers THEN 'rejected'
  WHEN c.readers >= {ADJUDICATOR} AND c.last = 'reject' THEN 'rejected'
  WHEN c.readers >= {ADJUDICATOR} AND c.last = 'confirm' AND c.confirms >= {FOUR_EYES} THEN 'confirmed'
  ELSE 'disputed' END AS status
FROM flags JOIN verdict_counts c ON c.flag_id = flags.id""",
}
"""Views in the order in which they stand on each other."""

MOVES: Final = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status = '{after}')"
    for table in (ALLOWED, CORRECTED)
    for before, ways in table.items()
    for after in sorted(ways)
)
"""Every step of a flag's life, a correction's included."""


def follow(flag: str) -> str:
    """Copy where a flag stands; ``flag`` is an expression for its id, such as ``NEW.flag_id``."""
    now = f"(SELECT standing.status FROM flag_standings standing WHERE standing.flag_id = {flag})"
    return f"UPDATE flags SET status = {now} WHERE id = {flag} AND status <> {now}"
