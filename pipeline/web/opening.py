"""Opening: what the pages stand on, made from the settings when the server starts."""

from datetime import UTC, datetime

from pipeline.errors import InvalidInputError
from pipeline.settings import Settings
from pipeline.store.database import open_database
from pipeline.store.files import Files
from pipeline.store.migration import migrate
from pipeline.store.partials import Partials
from pipeline.store.passwords import Passwords
from pipeline.web.assets import read_assets
from pipeline.web.readiness import checks_of
from pipeline.web.renderer import Renderer
from pipeline.web.services import Services
from pipeline.workflow.receive import Desk


def open_services(settings: Settings) -> Services:
    """The services of ``settings``; tables are brought up to date first.

    Raises:
        InvalidInputError: The data folder cannot be made.
        NotFoundError: The scripts and styles of the pages are not built.
        UnavailableError: The database cannot be reached.
    """
    renderer = Renderer(read_assets(), settings.web.time_zone)
    try:
        settings.store.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        where = settings.store.data_dir
        raise InvalidInputError(f"{where} cannot be a data folder ({error.strerror}); choose another --data") from error
    database = open_database(settings.store.url)
    migrate(database)
    files = Files(settings.store.data_dir)
    partials = Partials(files.arriving, settings.uploads, _utc_now)
    partials.remove_expired()
    return Services(
        settings=settings.web,
        renderer=renderer,
        database=database,
        passwords=Passwords.of_cost(),
        desk=Desk(database=database, files=files, partials=partials),
        now=_utc_now,
        review=settings.review,
        retention=settings.retention,
        checks=checks_of(settings, database, _utc_now),
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)
