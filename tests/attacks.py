"""What somebody who has the password of the database might try. Braces are filled in by ``play``."""

ATTACKS = (
    "UPDATE flags SET status = '{status}'",
    "UPDATE flags SET status = '{status}' WHERE id = '{flag}'",
    "UPDATE flags SET second_read = NOT second_read",
    "UPDATE flags SET id = 'other' WHERE id = '{flag}'",
    "DELETE FROM flags",
    "UPDATE decisions SET verdict = '{verdict}'",
    "UPDATE decisions SET person_id = '{person}'",
    "UPDATE decisions SET supersedes = NULL",
    "DELETE FROM decisions",
    "DELETE FROM ledger",
    "DELETE FROM ledger WHERE position = (SELECT MAX(position) FROM ledger)",
    "UPDATE ledger SET body = '{{}}'",
    "UPDATE ledger SET position = position + 100",
    "DELETE FROM checkpoints",
    "UPDATE flights SET uploaded_by = '{person}'",
    "UPDATE flights SET state = 'scanned'",
    "DELETE FROM flights",
    "INSERT INTO person_roles (person_id, role) VALUES ('{person}', 'reviewer')",
    "DELETE FROM person_roles WHERE person_id = '{person}'",
    "UPDATE person_roles SET role = 'reviewer' WHERE person_id = '{person}'",
    "UPDATE people SET locked_at = NULL",
    "UPDATE sessions SET person_id = '{person}'",
    "UPDATE sessions SET ended_at = NULL",
    "UPDATE sessions SET expires_at = '9999-01-01T00:00:00.000000Z'",
    "DELETE FROM sessions",
    "UPDATE leases SET person_id = '{person}'",
    "UPDATE leases SET expires_at = '9999-01-01T00:00:00.000000Z', ended_at = NULL",
    "UPDATE leases SET shown_at = leased_at",
    "UPDATE leases SET pictures_sha256 = '{sha}'",
    "UPDATE leases SET served_at = NULL, pictures_sha256 = NULL, shown_at = NULL, revealed_at = NULL",
    "UPDATE leases SET revealed_at = '{now}'",
    "UPDATE flags SET origin = 'scan'",
    "UPDATE flags SET origin = 'control' WHERE id = '{flag}'",
    "UPDATE visits SET outcome = '{status}'",
    "UPDATE visits SET outcome = 'verified', found_by = '{person}', found_at = '{now}'",
    "DELETE FROM visits",
    "UPDATE stops SET stopped = NOT stopped",
    "DELETE FROM stops",
)
"""What somebody with the database's password might try."""

READERS = ("1", "2", "3", "(SELECT COUNT(*) + 1 FROM verdicts_in_force WHERE flag_id = '{flag}')")
SUPERSEDED = ("NULL", "NULL", "(SELECT MIN(id) FROM decisions)", "(SELECT MAX(id) FROM decisions)")
FLAG_REPLACED = (
    "INSERT OR REPLACE INTO flags SELECT id, scan_id, flight_id, label, '{status}', outline, west, south, east, north, "
    "class_name, score, area_m2, cells, model, threshold, second_read, raised_at, 'scan' FROM flags WHERE id = '{flag}'"
)
REPLACING = (
    FLAG_REPLACED,
    "INSERT OR REPLACE INTO decisions SELECT * FROM decisions",
    "INSERT OR REPLACE INTO ledger SELECT position, at, kind, person_id, subject, '{{}}', hash FROM ledger",
    "UPDATE OR REPLACE decisions SET reader = 1, verdict = '{verdict}'",
    "UPDATE OR REPLACE people SET name = 'ada'",
    "REPLACE INTO sessions SELECT id, '{person}', csrf, started_at, expires_at, seen_at, NULL FROM sessions",
)
EMPTYING = (
    "TRUNCATE decisions CASCADE",
    "TRUNCATE ledger CASCADE",
    "TRUNCATE flags CASCADE",
    "TRUNCATE people CASCADE",
)

FORGED_LEAF = (
    "INSERT INTO ledger (position, at, kind, person_id, subject, body, hash) "
    "VALUES ({position}, '{now}', '{kind}', '{person}', '{subject}', '{{}}', '-')"
)
FORGED_DECISION = (
    "INSERT INTO decisions (id, flag_id, person_id, session_id, leaf, reader, verdict, reason, note, pictures_sha256, "
    "model, threshold, seconds_looked, decided_at, supersedes) VALUES ('{subject}', '{flag}', '{person}', '{session}', "
    "{position}, {reader}, '{verdict}', '-', '-', '{sha}', 'm', 0.5, 1, '{now}', {supersedes})"
)
FORGED_LEASE = (
    "INSERT INTO leases (id, flag_id, person_id, leased_at, expires_at) "
    "VALUES ('lease{subject}', '{flag}', '{person}', '{now}', '9999-01-01T00:00:00.000000Z')"
)
FORGED_LOOK = (
    "UPDATE leases SET picture_sha256 = '-', overview_sha256 = '-', served_at = '{now}', pictures_sha256 = '{sha}', "
    "shown_at = '{now}' WHERE id = 'lease{subject}'"
)
FORGED_VISIT = (
    "INSERT INTO visits (id, flag_id, number, planned_by, planned_at, leaf, note) "
    "VALUES ('{subject}', '{flag}', {reader}, '{person}', '{now}', {position}, '-')"
)
