"""A server that is killed, as by kill -9 or a power cut, while it takes a verdict. Run by tests as a process.

``python dying_server.py DATABASE_URL FOLDER PORT MOMENT``: MOMENT is ``writing`` (everything is written, nothing kept
yet) or ``answering`` (everything is kept, the answer is not sent yet).
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import uvicorn
from offices import Office
from sqlalchemy import Connection, event

from pipeline.domain.people import District, DistrictId
from pipeline.store.database import open_database
from pipeline.web.app import build_app

NOWHERE = District(id=DistrictId("-"), name="-")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_before_it_is_kept(connection: Connection) -> None:
    if connection.exec_driver_sql("SELECT COUNT(*) FROM decisions").scalar_one():
        die()


def dies_before_it_answers(app: Any) -> Any:
    async def served(scope: Any, receive: Any, send: Any) -> None:
        async def answered(message: Any) -> None:
            if scope["path"].endswith("/verdict"):
                die()
            await send(message)

        await app(scope, receive, answered)

    return served


def main(url: str, folder: str, port: str, moment: str) -> None:
    database = open_database(url)
    office = Office(database=database, east=NOWHERE, west=NOWHERE, people={}, folder=Path(folder))
    app: Any = build_app(office.services())
    if moment == "writing":
        event.listen(database.engine, "commit", dies_before_it_is_kept)
    else:
        app = dies_before_it_answers(app)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_config=None, lifespan="off", ws="none")


if __name__ == "__main__":
    main(*sys.argv[1:])
