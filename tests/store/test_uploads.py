"""Uploads: followed to their flight, and their bytes known again."""

import pytest
from databases import NOW, a_district
from flights import a_flight, a_surveyor

from pipeline.domain.people import Person
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.uploads import (
    NewUpload,
    find_upload,
    flights_with_bytes,
    remember_upload,
    uploads_of_flight,
)


def test_an_upload_is_followed_to_its_flight_and_its_bytes_are_known_again(database: Database) -> None:
    district = a_district(database)
    me, other = a_surveyor(database, "li.na", district.id), a_surveyor(database, "wang", district.id)
    flight = a_flight(database, me, district.id)
    new = NewUpload(id="u1", person=me.id, district=district.id, name="a.tif", bytes_total=10, sha256="e" * 64)
    with database.transaction() as connection:
        remember_upload(connection, new, flight.id, now=NOW)
        with pytest.raises(NotFoundError):
            find_upload(connection, other, "u1")
        assert flights_with_bytes(connection, other, "e" * 64) == (flight,)
        assert flights_with_bytes(connection, Person(id=me.id, name="x"), "e" * 64) == ()
        found = find_upload(connection, me, "u1")
        assert uploads_of_flight(connection, flight.id) == (found,)
    assert (found.sha256, found.bytes_total, found.flight) == (new.sha256, 10, flight.id)


@pytest.mark.parametrize("change", [{"name": ""}, {"name": "a" * 256}, {"bytes_total": 0}, {"bytes_total": -5}])
def test_an_upload_of_nothing_is_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {"id": "u", "person": "p", "district": "d", "name": "n", "bytes_total": 1, "sha256": "e"}
    with pytest.raises(InvalidInputError):
        NewUpload(**{**good, **change})  # type: ignore[arg-type]
