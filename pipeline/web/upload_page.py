"""The page that takes orthomosaics. What it does with them goes through the doors of ``uploads`` and ``receiving``."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.people import Role
from pipeline.errors import NotAllowedError
from pipeline.store.districts import list_districts
from pipeline.web.languages import marked
from pipeline.web.receiving import upload_out
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import SignedIn

router = APIRouter(include_in_schema=False)

SURVEYORS: Final = marked("only surveyors upload; ask your administrator for that role")

WORDS: Final = {
    "state-looking": marked("Looking into the file"),
    "state-ready": marked("Ready"),
    "state-waiting": marked("Waiting for its turn"),
    "state-sending": marked("Being sent"),
    "state-paused": marked("Paused"),
    "state-troubled": marked("Waiting for the line"),
    "state-handing": marked("Being handed in"),
    "state-done": marked("Handed in"),
    "state-refused": marked("Not sent"),
    "not-an-orthomosaic": marked(
        "This is no GeoTIFF and no zip, so nothing was sent. Export the orthomosaic as GeoTIFF and choose that file."
    ),
    "archive": marked("An archive: what is in it is read when it has arrived."),
    "no-system": marked(
        "The file names no coordinate reference system, so it will probably be refused. Better export it again with "
        "one, such as UTM or CGCS2000, before you send it."
    ),
    "gsd": marked("{cm} cm a pixel"),
    "area": marked("at most {area}"),
    "known": marked("This file seems to be here already, as “{name}”. You need not send it again."),
    "goes-on": marked("Part of this file is here already: {sent} of {all}. It goes on from there."),
    "sent": marked("{sent} of {all}"),
    "rate": marked("{rate} a second"),
    "left": marked("about {time} left"),
    "again-in": marked("It goes on by itself in {time}."),
    "trouble-line": marked("The line to the server is broken. What was sent is safe."),
    "trouble-full": marked(
        "The disk of the server is full. What was sent is safe. Tell your administrator; you may leave this page open."
    ),
    "trouble-signed-out": marked(
        "You are not signed in any more. What was sent is safe. Sign in in another tab, load this page again and "
        "choose the same file: it goes on."
    ),
    "trouble-gone": marked(
        "The server does not have this upload any more: it lay still for too long. Try again sends it from the start."
    ),
    "trouble-refused": marked("The server does not take this file as it is. Nothing of it is kept as a flight."),
    "handed-in": marked("All of it has arrived and work on it has begun. You may send the next or close the page."),
    "already": marked("These bytes had been handed in before: no second flight was made."),
    "open-flight": marked("Open the flight"),
    "remove-sure": marked("Remove this file from the queue and delete what was sent of it?"),
    "left-out": marked(
        "Files left out: {count}. Only orthomosaics are taken: GeoTIFF, zip, and of an ODM project its own."
    ),
    "left-out-more": marked("… and {count} more"),
    "nothing-here": marked("No GeoTIFF and no zip was among what you chose."),
}
"""What the script says; it fills in the braces."""


@router.get("/upload")
def show_upload(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """The page.

    Raises:
        NotAllowedError: The reader is no surveyor.
    """
    if not reader.person.has(Role.SURVEYOR):
        raise NotAllowedError(SURVEYORS)
    with services.database.snapshot() as connection:
        districts = [district for district in list_districts(connection) if district.id in reader.person.sees]
    return pages.show(
        request,
        "upload.html.jinja",
        words={name: pages.say(request, text) for name, text in WORDS.items()},
        begun=[upload_out(upload) for upload in services.desk.partials.of(reader.person.id)],
        districts=districts,
        today=services.today.isoformat(),
    )
