"""The statement on a page and on paper: who sees it, that both say what the record says, and issuing for good."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyogrio
import pypdf
import pytest
from fastapi.testclient import TestClient
from offices import NOON, Office, csrf_of
from pages import unclosed
from stated import NAME, asked, client_of, fuller, opened, terraces, texts

from pipeline.web.document import Document
from pipeline.web.languages import Language
from pipeline.web.statement_document import document_of
from pipeline.web.statement_links import Links
from pipeline.web.statement_paper import preview_pdf
from pipeline.web.words import Words

CHINESE = {"Accept-Language": "zh-CN"}
ZONE = "Asia/Shanghai"
TONGUES = {language: Words(language, ZONE) for language in Language}
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = opened(tmp_path_factory.mktemp("office"))
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def manager(bureau: Office) -> Iterator[TestClient]:
    with client_of(bureau, "manager") as client:
        yield client


def shown(document: Document) -> Iterator[str]:
    """Every text of a document but names and hashes."""
    yield from (document.title, document.dates, document.lead, *document.beside, *document.foot)
    for section in document.sections:
        yield from (section.title, *section.paragraphs, *section.points, *section.notes)
        for table in section.tables:
            yield from (table.caption, *(cell.text for cell in table.head))
            yield from (cell.note for row in table.rows for cell in row if cell.note)


def test_the_page_says_first_what_may_be_said_then_what_may_not(bureau: Office, manager: TestClient) -> None:
    page = manager.get("/statement", params=asked(bureau)).text
    assert unclosed(page) == []
    lead = page.index("Nothing may be said of absence on Terraces #strong[x] $y$ &lt;b&gt;, East county.")
    unsupported = page.index("A flag still waits for readers; nothing is said of absence before it is settled.")
    assert lead < unsupported < page.index("What was seen") < page.index("Versions and hashes")
    assert "b" * 64 in page


def test_every_number_of_coverage_is_that_of_the_record_and_leads_to_the_map_of_its_days(
    bureau: Office, manager: TestClient
) -> None:
    page = manager.get("/statement", params=asked(bureau)).text
    said = manager.get("/statement/preview.json", params=asked(bureau)).json()
    row = page.split("Seen</th>")[1].split("</tr>")[0]
    hectares = float(re.findall(r">([\d.]+) ha<", row)[0])
    assert said["coverage"]["seen_m2"] / 10_000 - 0.01 < hectares <= said["coverage"]["seen_m2"] / 10_000
    there = row.split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert there == f"/coverage?district={bureau.east.id}&from=2026-10-01&to=2026-11-26"
    assert manager.get(there).status_code == 200


def test_each_link_of_a_statement_leads_somewhere(bureau: Office, manager: TestClient) -> None:
    page = manager.get("/statement", params=asked(bureau)).text
    links = set(re.findall(r'href="(/[^"#]+)"', page.split('<article class="statement"')[1].split("</article>")[0]))
    assert {link.split("/")[1].split("?")[0] for link in links} >= {"coverage", "flights", "models", "review", "visits"}
    for link in links:
        known = {200, 422} if link.startswith("/flights/") else {200}  # flights of these tests left no results
        assert manager.get(link.replace("&amp;", "&")).status_code in known, link


def test_without_an_area_it_asks_for_one_and_lists_what_was_issued(manager: TestClient) -> None:
    page = manager.get("/statement").text
    assert "None was issued yet" in page
    assert 'action="/statement/issue"' not in page
    assert "Terraces" in page


def test_uncovered_ground_can_be_taken_along(bureau: Office, manager: TestClient, tmp_path: Path) -> None:
    said = manager.get("/statement/preview.json", params=asked(bureau)).json()
    path = tmp_path / "uncovered.gpkg"
    path.write_bytes(manager.get("/statement/preview.gpkg", params=asked(bureau)).content)
    _, _, _, (names, *_, areas_m2) = pyogrio.raw.read(path)
    assert len(names) == 2
    coverage = said["coverage"]
    assert sum(areas_m2) == pytest.approx(coverage["total_m2"] - coverage["seen_m2"], rel=1e-4)
    assert manager.get("/statement/preview.geojson", params=asked(bureau)).json() == said["uncovered"]


@pytest.mark.parametrize(("language", "words"), [("en-GB", "Preview, not issued"), ("zh-CN", "预览，未签发")])
def test_a_preview_on_paper_says_so_on_each_page_and_takes_names_for_words(
    bureau: Office, manager: TestClient, language: str, words: str
) -> None:
    answer = manager.get("/statement/preview.pdf", params=asked(bureau), headers={"Accept-Language": language})
    assert answer.headers["Content-Type"] == "application/pdf"
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    assert len(pages) == 2
    for page in pages:
        assert words in page.extract_text()
    assert NAME.replace(" ", "") in texts(answer.content).replace(" ", "")


@pytest.mark.parametrize("name", ["surveyor", "reviewer", "field", "administrator"])
def test_only_managers_see_statements(bureau: Office, name: str) -> None:
    with client_of(bureau, name) as client:
        for address in ("/statement", "/statement/preview.json", f"/statement/issued/{'a' * 64}"):
            assert client.get(address, params=asked(bureau)).status_code == 403, address
        form = asked(bureau) | {"csrf": csrf_of(client), "content": "seen"}
        assert client.post("/statement/issue", data=form).status_code == 403


@pytest.fixture(scope="module")
def full(bureau: Office, manager: TestClient) -> dict[str, object]:
    return fuller(manager.get("/statement/preview.json", params=asked(bureau)).json())


def test_where_little_can_remain_it_says_how_little_and_rounds_to_the_side_that_claims_less(
    full: dict[str, object],
) -> None:
    document = document_of(full, TONGUES[Language.ENGLISH], Links())
    assert document.lead == f"With 95\u00a0% confidence at most 2 plots remain on {NAME}, East county.".replace(
        "\u00a0", " "
    )
    assert not document.sober
    sure = next(section for section in document.sections if section.id == "sure")
    first, rests = sure.tables
    assert [row[1].text.replace("\u00a0", " ") for row in first.rows] == [
        "74.6 %",
        "92.2 %",
        "96.3 %",
        "97.4 %",
        "97.5 %",
    ]
    assert rests.rows[-1][1].text.replace("\u00a0", " ") == "77.1 %"
    said = " ".join(shown(document)).replace("\u00a0", " ")
    assert "the model flagged 62: 95.4 % (95 % interval 87.3 % to 98.4 %)" in said
    assert "an estimated 0 % of that ground (95 % interval 0 % to 4.6 %)" in said
    assert "ground sampling distance 3.1 cm, the model knows 1.5-2.5 cm" in said


def test_every_word_of_it_is_there_in_chinese(full: dict[str, object]) -> None:
    for text in shown(document_of(full, TONGUES[Language.CHINESE], Links())):
        assert HAN.search(text), text


def test_a_full_statement_fits_on_paper_in_both_languages_and_its_links_lead_to_the_server(
    full: dict[str, object],
) -> None:
    links = Links(base="https://plots.test")
    made = {language: preview_pdf(full, words, links) for language, words in TONGUES.items()}
    for pdf in made.values():
        reader = pypdf.PdfReader(io.BytesIO(pdf))
        assert len(reader.pages) == 3
        notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", ())]
        assert "https://plots.test/visits/v1" in {note["/A"].get("/URI", "") for note in notes if "/A" in note}
    assert "置信度" in texts(made[Language.CHINESE])
    assert preview_pdf(full, TONGUES[Language.ENGLISH], links) == made[Language.ENGLISH]


def test_nothing_is_said_of_a_window_without_a_flight(bureau: Office, manager: TestClient) -> None:
    window = asked(bureau) | {"from": "2026-01-01", "to": "2026-01-31"}
    page = manager.get("/statement", params=window, headers=CHINESE).text
    assert "该时间段内没有飞行，对地面无从说明" in page
    assert manager.get("/statement/preview.pdf", params=window).content.startswith(b"%PDF-")


@pytest.mark.parametrize("wrong", [{"from": "1.10."}, {"from": "2026-11-27", "to": "2026-11-26"}])
def test_a_window_that_makes_no_sense_is_refused(bureau: Office, manager: TestClient, wrong: dict[str, str]) -> None:
    assert manager.get("/statement", params=asked(bureau) | wrong).status_code == 422


def test_the_map_of_coverage_leads_to_the_statement_of_the_same_ground_and_days(
    bureau: Office, manager: TestClient
) -> None:
    page = manager.get("/coverage", params={"from": "2026-10-01", "to": "2026-11-26"}).text
    assert f"/statement?area={terraces(bureau)}&amp;from=2026-10-01&amp;to=2026-11-26" in page
    assert (
        json.loads(manager.get("/statement/preview.json", params=asked(bureau)).content)["made_at"] == NOON.isoformat()
    )
