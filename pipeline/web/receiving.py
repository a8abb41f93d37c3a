"""Receiving: what a script, or the page of uploads, asks and says around the bytes themselves."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.people import DistrictId
from pipeline.store.partials import PartialUpload
from pipeline.web.scripts import Uploader
from pipeline.web.services import Served
from pipeline.workflow.receive import Delivery, flights_like, receive

router = APIRouter(prefix="/api/v1", tags=["uploads"])


class UploadOut(BaseModel):
    """An upload that was begun and not handed in. ``likeness`` is what its sender said of the file, if anything."""

    model_config = ConfigDict(frozen=True)

    address: str
    name: str
    bytes: int
    sent: int
    likeness: str
    kept_until: datetime


class LikeOut(BaseModel):
    """A flight that was probably made from a file; ``address`` is that of its page."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    address: str


class HandIn(BaseModel):
    """What a team says of a complete upload. ``flown_on`` is the local date of the flight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upload: str = Field(description="The last part of the upload's address.")
    name: str = Field(min_length=1, max_length=120)
    district: str
    flown_on: date | None = None
    note: str = Field("", max_length=500)


class HandedIn(BaseModel):
    """The flight of an upload. ``already``: the district has had these bytes before, and this is their flight."""

    model_config = ConfigDict(frozen=True)

    id: str
    address: str
    already: bool


@router.get("/uploads", summary="Your unfinished uploads")
def list_uploads(caller: Uploader, services: Served) -> list[UploadOut]:
    """What you have begun and not handed in; send the rest of each file from where it stands."""
    return [upload_out(upload) for upload in services.desk.partials.of(caller.id)]


@router.get("/uploads/known", summary="Is this file known?")
def known(
    caller: Uploader,
    services: Served,
    length: Annotated[int, Query(ge=1)],
    likeness: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> list[LikeOut]:
    """Flights of your districts that were probably made from a file, found before it is sent.

    ``likeness`` is the SHA-256, in hexadecimal, of the file's length in decimal, a colon, and the first, middle and
    last MiB of the file (all of it, where it is shorter; the middle begins half a MiB before the half, rounded down).
    """
    flights = flights_like(services.desk, caller, length_bytes=length, likeness=likeness)
    return [LikeOut(id=flight.id, name=flight.name, address=f"/flights/{flight.id}") for flight in flights]


@router.post("/flights", status_code=201, summary="Hand in an upload")
def hand_in(caller: Uploader, services: Served, said: HandIn) -> JSONResponse:
    """Make a flight of a complete upload; work on it begins at once. 200 instead of 201 where the flight was there."""
    delivery = Delivery(
        upload=said.upload,
        name=said.name,
        district=DistrictId(said.district),
        flown_on=said.flown_on,
        note=said.note,
    )
    received = receive(services.desk, caller, delivery, now=services.now())
    flight = received.flight
    told = HandedIn(id=flight.id, address=f"/flights/{flight.id}", already=received.already)
    return JSONResponse(told.model_dump(), 200 if received.already else 201)


def upload_out(upload: PartialUpload) -> UploadOut:
    """An unfinished upload as scripts see it."""
    return UploadOut(
        address=f"/api/v1/uploads/{upload.id}",
        name=upload.metadata.get("filename", ""),
        bytes=upload.length_bytes,
        sent=upload.offset_bytes,
        likeness=upload.metadata.get("likeness", ""),
        kept_until=upload.expires_at,
    )
