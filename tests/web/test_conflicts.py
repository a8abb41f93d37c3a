"""Findings of one visit that differ are seen by managers, in one place, until one says what came of it."""

import json
from pathlib import Path

from fastapi.testclient import TestClient
from offices import Office, csrf_of
from pages import unclosed
from typer.testing import CliRunner
from visited import Field, second_team

from pipeline.cli import build_app
from pipeline.store.audit import audit
from pipeline.store.conflicts import open_conflicts
from pipeline.workflow.settle import list_conflicts
from pipeline.workflow.visit import plan_visits
from tests.web.test_visits import be, client, field, office, sent_by

__all__ = ["client", "field", "office"]


def test_findings_that_differ_are_before_managers_until_one_says_what_came_of_it(
    client: TestClient, office: Office, field: Field, tmp_path: Path
) -> None:
    visit = plan_visits(field.database, field.manager, field.district, now=field.survey.now)[0].id
    second_team(field)
    for team, finding, outcome in (("field", "a", "absent"), ("second", "b", "absent"), ("second", "c", "verified")):
        be(client, field, team)
        sent_by(client, visit, finding * 32, outcome=outcome)
        wanted = {"csrf": csrf_of(client), "note": "seen again"}
        assert client.post(f"/visits/{visit}/settle", data=wanted).status_code == 403
        assert client.get("/overview").status_code == 403
    be(client, field, "manager")
    page = client.get("/overview").text
    assert "Visits of which teams found different things: 1" in page
    row = page.split(f'<a href="/visits/{visit}">')[1].split("</tr>")[0]
    assert row.count("Nothing there") == row.count("Verified") == 1  # the same once more is no conflict
    shown = client.get(f"/visits/{visit}").text
    assert unclosed(shown) == []
    assert f'action="/visits/{visit}/settle"' in shown
    form = {"csrf": csrf_of(client)}
    assert client.post(f"/visits/{visit}/settle", data=form | {"note": " "}).status_code == 422
    answer = client.post(f"/visits/{visit}/settle", data=form | {"note": "Both were at the lower terrace."})
    assert answer.headers["Location"] == f"/visits/{visit}#found"
    assert "Both were at the lower terrace." in client.get(f"/visits/{visit}").text
    assert client.post(f"/visits/{visit}/settle", data=form | {"note": "once more"}).status_code == 409
    assert "found different things" not in client.get("/overview").text
    assert list_conflicts(field.database, field.manager) == ()
    office.clock.forward(minutes=1)
    be(client, field, "second")
    sent_by(client, visit, "d" * 32, outcome="already_removed")
    (conflict,) = list_conflicts(field.database, field.manager)
    assert [one.finding.outcome for one in conflict.others] == ["already_removed"]
    assert conflict.standing.finding.outcome == "absent"
    settings = tmp_path / "plotwatch.toml"
    address = field.database.engine.url.render_as_string()
    settings.write_text(f'[store]\ndata_dir = "{tmp_path}"\ndatabase_url = "{address}"\n')
    words = ["visits", "conflicts", "--as", "manager", "--config", str(settings)]
    (told,) = json.loads(CliRunner().invoke(build_app(), [*words, "--json"]).stdout)
    assert (told["visit"], told["stands"], told["others"]) == (visit, "absent", ["already_removed"])
    assert f"/visits/{visit}" in CliRunner().invoke(build_app(), words).stdout
    with field.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        assert open_conflicts(connection, frozenset()) == ()
