"""No-fly zones in the record: which hold, that none comes or goes unseen, and what the audit finds."""

from datetime import date, timedelta

import pytest
import shapely
from databases import NOW, a_district
from sqlalchemy import text

from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.areas import Source
from pipeline.store.audit import audit
from pipeline.store.database import Database
from pipeline.store.laws import enact, repeal
from pipeline.store.ledger import history
from pipeline.store.no_fly import Airspace, Barred, ZoneId, add_zones, airspaces_of, remove_zone, zones_about, zones_of
from pipeline.store.tables import no_fly_zones

TODAY = date(2026, 11, 26)
SOURCE = Source(name="airspace.gpkg", sha256="c" * 64)
AIRPORT = Barred(name="机场", outline=shapely.box(111.6, 40.8, 111.61, 40.81))
OVER = Barred(name="fair", outline=shapely.box(111.62, 40.8, 111.63, 40.81), valid_until=TODAY - timedelta(days=1))
LATER = Barred(name="race", outline=shapely.box(111.64, 40.8, 111.65, 40.81), valid_from=TODAY + timedelta(days=9))
EVERYWHERE = Extent(west=110, south=40, east=112, north=41)


@pytest.fixture
def district(database: Database) -> DistrictId:
    """A district with three zones: one for good, one that is over, one that begins later."""
    where = a_district(database).id
    with database.transaction() as connection:
        add_zones(connection, where, [AIRPORT, OVER, LATER], SOURCE, by=None, now=NOW)
    return where


def wrong(database: Database) -> str:
    with database.snapshot() as connection:
        return "\n".join(audit(connection).wrong)


def lawless(database: Database, statement: str) -> None:
    """Change rows as somebody does who first takes the laws away, and then puts them back."""
    with database.transaction() as connection:
        repeal(connection)
        connection.execute(text(statement))
        enact(connection)


def test_zones_that_are_over_are_left_out_and_those_that_begin_later_are_not(
    database: Database, district: DistrictId
) -> None:
    other = a_district(database, "南山区").id
    with database.snapshot() as connection:
        assert {zone.barred for zone in zones_of(connection, district)} == {AIRPORT, OVER, LATER}
        found = {zone.barred.name for zone in zones_about(connection, district, EVERYWHERE, TODAY)}
        assert found == {"机场", "race"}
        here = Extent(west=111.605, south=40.805, east=111.606, north=40.806)
        assert [zone.barred for zone in zones_about(connection, district, here, TODAY)] == [AIRPORT]
        assert zones_about(connection, other, EVERYWHERE, TODAY) == ()
        known = airspaces_of(connection, {district, other}, TODAY)
        assert known == {district: Airspace(zones=2, newest=NOW), other: Airspace(zones=0, newest=None)}


def test_a_zone_is_removed_from_its_district_only_and_the_ledger_tells(
    database: Database, district: DistrictId
) -> None:
    other = a_district(database, "南山区").id
    with database.transaction() as connection:
        zone = next(one for one in zones_of(connection, district) if one.barred == AIRPORT)
        for where, asked in ((other, zone.id), (district, ZoneId("none"))):
            with pytest.raises(NotFoundError):
                remove_zone(connection, where, asked, by=None, now=NOW)
        remove_zone(connection, district, zone.id, by=None, now=NOW)
        assert len(zones_of(connection, district)) == 2
        assert [leaf.kind for leaf in history(connection, zone.id)] == ["no_fly.removed"]
        assert history(connection, district)[-1].kind == "no_fly.imported"
    assert wrong(database) == ""


@pytest.mark.parametrize(
    ("attack", "sentence"),
    [
        ("DELETE FROM no_fly_zones", "needs its leaf"),
        ("UPDATE no_fly_zones SET valid_until = '2020-01-01'", "never altered"),
        ("INSERT INTO no_fly_zones SELECT 'x' || id, {columns} FROM no_fly_zones", "needs its leaf"),
        ("INSERT INTO no_fly_zones SELECT id, {columns} FROM no_fly_zones", "never replaced"),
    ],
)
def test_no_zone_comes_changes_or_goes_without_a_leaf(
    database: Database, district: DistrictId, attack: str, sentence: str
) -> None:
    columns = ", ".join(no_fly_zones.columns.keys()[1:])
    a_district(database, "another leaf is the newest")
    with pytest.raises(NotAllowedError, match=sentence), database.transaction() as connection:
        connection.execute(text(attack.format(columns=columns)))
    with database.snapshot() as connection:
        assert len(zones_of(connection, district)) == 3


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM no_fly_zones WHERE name = 'race'", "is gone"),
        ("UPDATE no_fly_zones SET valid_until = '2020-01-01' WHERE name = '机场'", "the no-fly zone 机场 is not what"),
        ("UPDATE no_fly_zones SET id = 'x' WHERE name = 'race'", "the no-fly zone race is not what"),
    ],
)
def test_the_audit_finds_what_was_done_by_hand(
    database: Database, district: DistrictId, statement: str, sentence: str
) -> None:
    assert district
    assert wrong(database) == ""
    lawless(database, statement)
    assert sentence in wrong(database)


def test_a_zone_that_never_holds_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="mend its days"):
        Barred(name="fair", outline=AIRPORT.outline, valid_from=TODAY, valid_until=TODAY - timedelta(days=1))
