"""The dashboard as its users meet it."""

import csv
import itertools
import json
import random
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from built_page import PAGE, RESULTS
from dashboard_engine import Question, answer, operation, served
from inference_energy.headline import answers, page as headline_page

LARGEST_BYTES = 5_000_000
WIDTHS = (360, 800, 1280)
QUESTIONS = 80
ASK = """([study, question, zone]) => Energy.answer(
    inferenceEnergy.data.studies[study], question, zone ? inferenceEnergy.data.zones[zone] : null)"""
OPERATION = "([study, question]) => Energy.operation(inferenceEnergy.data.studies[study], question)"


def asked(question: Question) -> dict:
    """A question as the page puts it."""
    own = dict(zip(("input", "output", "cached"), question.own_tokens, strict=True)) if question.own_tokens else None
    return vars(question) | {"own_tokens": own}


def questions(name, study):
    """Every subject and kind of query as the study has them, then combinations of everything at random."""
    subjects = [*study["classes"], *{model for of in study["classes"].values() for model in of["models"]}]
    for subject, workload in itertools.product(sorted(subjects), study["workloads"]):
        yield Question(subject=subject, workload=workload), "USA"
    chance = random.Random(name)
    published = study["method"] == "published"
    for _ in range(QUESTIONS):
        applied = chance.random() < 0.5
        of = study["states"]["applied" if applied else "plain"]["kinds"]
        question = Question(
            subject=chance.choice(sorted(subjects)),
            workload=chance.choice(list(of)),
            own_tokens=chance.choice([None, (5e4, 2e4, 0), (300, 1, 0), (2000, 700, 0 if published else 500)]),
            gpu=chance.choice([None, *study["gpus_per_node"]]),
            boundary=chance.choice(["node", "datacenter", "fleet", *([] if published else ["gpu_boards"])]),
            pue=chance.choice([None, 1.0, 1.3]),
            headroom=chance.choice([None, 1, 1.5]),
            long_share=chance.choice([0, 0.1, 1]),
            queries_per_day=chance.choice([1, 1e9]),
            interventions=applied,
        )
        yield question, chance.choice([None, "USA", "FRA"])


def same(found: dict, expected: dict) -> None:
    assert found.keys() == expected.keys()
    for quantity, of in expected.items():
        assert found[quantity] == pytest.approx(of, rel=1e-9), quantity


def test_the_page_computes_what_python_computes(opened, built):
    page, empty = opened(), 0
    for name, study in built["studies"].items():
        for question, zone in questions(name, study):
            expected = answer(study, question, built["zones"].get(zone))
            same(page.evaluate(ASK, [name, asked(question), zone]), expected)
            empty += not expected
            if study["method"] == "nested":
                same(page.evaluate(OPERATION, [name, asked(question)]), operation(study, question))
    assert empty  # some model reaches the operating point on no draw of some GPU


def shown(page, source: str | None = None) -> dict[tuple[str, str], float]:
    """Every number in sight, or those of one source: the draws of the `page`, or the `tables` that have the view."""
    outputs = page.locator("output[data-value]").evaluate_all(
        """found => found.filter(output => output.checkVisibility())
            .map(({ dataset }) => [dataset.from, dataset.quantity, dataset.statistic, Number(dataset.value)])"""
    )
    return {(quantity, statistic): value for of, quantity, statistic, value in outputs if source in (None, of)}


def of_current(built, **changes):
    question = Question(**({"subject": "frontier"} | {name: of for name, of in changes.items() if name != "zone"}))
    return answer(built["studies"]["current"], question, built["zones"][changes.get("zone", "USA")])


CONTROLS = [
    ("subject", "MiniMax-M2.5", {"subject": "MiniMax-M2.5"}),
    ("workload", "long", {"workload": "long"}),
    ("gpu", "B200 180GB", {"gpu": "B200 180GB"}),
    ("boundary", "gpu_boards", {"boundary": "gpu_boards"}),
    ("queries", "5000000", {"queries_per_day": 5e6}),
    ("long", "25", {"long_share": 0.25}),
    ("zone", "FRA", {"zone": "FRA"}),
    ("pue", "1.5", {"pue": 1.5}),
    ("headroom", "1.4", {"headroom": 1.4}),
    ("interventions", "on", {"interventions": True}),
]


@pytest.mark.parametrize(("control", "value", "changes"), CONTROLS, ids=[control for control, *_ in CONTROLS])
def test_a_control_changes_the_numbers_to_those_of_python(opened, built, control, value, changes):
    page = opened("#?study=current")
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    before = shown(page)
    field = page.locator(f'#controls [name="{control}"]')
    if field.get_attribute("type") == "checkbox":
        field.check()
    elif field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
    expected = of_current(built, **changes)
    expected["headline_wh"] = expected["query_wh"]
    assert shown(page) != before
    for (quantity, statistic), number in shown(page, "page").items():
        assert number == pytest.approx(expected[quantity][statistic], rel=1e-9), (quantity, statistic)
    # Of a query as in the study, and of a scenario of the fleet, the tables have more draws.
    for (quantity, statistic), number in shown(page, "tables").items():
        assert number == pytest.approx(expected[quantity][statistic], rel=0.2), (quantity, statistic)
    of_query, of_fleet = ((quantity, "mean") in shown(page, "tables") for quantity in ("mean_query_wh", "gpus"))
    assert of_query == (control not in ("gpu", "pue", "interventions"))
    assert of_fleet == (control in ("boundary", "interventions"))


def test_every_control_is_tested():
    names = set(re.findall(r'<(?:select|input) [^>]*?name="(\w+)"', PAGE.read_text()))
    assert names == {control for control, *_ in CONTROLS} | {"study", "input", "cached", "output"}


def test_own_lengths_are_served_among_a_kind_of_query(opened, built):
    page = opened("#?study=current&workload=coding_agent")
    page.locator("summary", has_text="Your own lengths").click()
    for name, value in (("input", "2000"), ("cached", "500"), ("output", "700")):
        page.locator(f'[name="{name}"]').fill(value)
    expected = of_current(built, workload="coding_agent", own_tokens=(2000, 700, 500))
    assert shown(page, "page")["headline_wh", "p50"] == pytest.approx(expected["query_wh"]["p50"], rel=1e-9)


@pytest.mark.parametrize("study", ["arxiv-2025", "joule-2026", "current"])
def test_a_study_and_its_scenarios_are_a_click_away(opened, built, study):
    page, of = opened(), built["studies"][study]
    page.locator(f'[name="study"][value="{study}"]').check()
    page.get_by_role("button", name="10 % long + interventions").click()
    expected = answer(of, Question(subject="frontier", long_share=0.1, interventions=True))["energy_gwh_per_day"]
    assert shown(page, "tables")["energy_gwh_per_day", "mean"] == pytest.approx(expected["mean"], rel=0.06)
    page.locator('[name="queries"]').fill("2e9")  # no scenario of the study
    assert shown(page, "page")["energy_gwh_per_day", "mean"] == pytest.approx(2 * expected["mean"], rel=1e-9)
    page.get_by_role("button", name="Back to the study").click()
    plain = of["tables"]["headline_wh"]["frontier traditional datacenter"]
    assert shown(page, "tables")["headline_wh", "p50"] == pytest.approx(plain["p50"], rel=1e-9)
    assert page.locator("#card-operation").is_visible() == (of["method"] == "nested")


def test_what_a_published_study_does_not_know_is_not_offered(opened):
    page = opened("#?study=joule-2026&boundary=gpu_boards")
    assert page.locator('[name="boundary"]').input_value() == "datacenter"
    assert page.locator('[name="cached"]').is_disabled()
    assert not page.locator('[data-row="nodes"]').is_visible()


def test_interventions_are_offered_where_they_are_known(opened):
    page = opened("#?study=current&interventions=on")
    box, hint = page.locator('[name="interventions"]'), page.locator("#unknown-interventions")
    assert box.is_checked() and page.locator("#applied li").count() == 5
    page.locator('[name="workload"]').select_option("coding_agent")
    assert box.is_disabled() and not box.is_checked() and hint.get_attribute("hidden") is None


def test_the_address_holds_the_view(opened):
    state = {"study": "current", "subject": "large", "input": "3000", "output": "90", "pue": "1.2", "long": "5"}
    page = opened("#?" + urlencode(state | {"interventions": "on"}))
    again = opened(page.evaluate("location.hash"))
    assert shown(again) == shown(page)
    assert again.locator('[name="subject"]').input_value() == "large"
    assert again.locator('[name="interventions"]').is_checked()
    page.locator('[name="pue"]').fill("1.3")
    assert "pue=1.3" in page.evaluate("location.hash")


def test_an_address_of_another_study_or_with_nonsense_shows_the_study_and_says_so(opened):
    first = opened()
    page = opened("#?study=nobody&subject=nothing&interventions=none&boundary=moon&ask-zone=XX&a-own-gpu=1")
    assert shown(page) == shown(first)
    assert first.locator("#address-note").is_hidden()
    told = page.locator("#address-note").inner_text()
    for words in (
        "study: found nobody in the address; allowed: arxiv-2025, joule-2026, current.",
        "subject: found nothing",
        "boundary: found moon in the address; allowed: gpu_boards, node, datacenter, fleet.",
        "interventions: found none in the address; allowed: on.",
        "ask-zone: found XX",
        "a-own-gpu: found 1 in the address; allowed: on.",
    ):
        assert words in told


@pytest.mark.parametrize("view", ["", "&long=10&pue=1.2", "&boundary=gpu_boards&workload=long"])
def test_the_headline_is_that_of_the_tables_where_they_have_the_view(opened, built, view):
    page = opened(f"#?study=current{view}")
    found = {name: page.evaluate(f"inferenceEnergy.shown().headline_wh.{name}") for name in ("p05", "p50", "p95")}
    state = page.evaluate("Controls.state()")
    tables = built["studies"]["current"]["tables"]["headline_wh"]
    of_page = page.evaluate("inferenceEnergy.shown().query_wh")
    table = tables[" ".join(state[name] for name in ("subject", "workload", "boundary"))]
    expected = of_page if "pue" in view else table
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-9)
    text = page.locator("#range output").first.inner_text().replace("\u00a0", " ")
    assert text == f"{found['p50']:.2g} Wh"
    assert of_page["p50"] == pytest.approx(found["p50"], rel=0.08)


def test_every_answer_is_that_of_the_headline(opened):
    """Told as in README, terminal and workbook: by the same statistic, with the same digits and interval."""
    numbers = headline_page.rows(RESULTS / "headline.csv")
    query, long, fleet, improved = answers.answers(numbers, answers.CURRENT, "frontier")
    views = (
        (query, "#range", ""),
        (long, "#range", "&workload=long"),
        (fleet, "[aria-labelledby=card-fleet]", "&long=10"),
        (improved, "[aria-labelledby=card-fleet]", "&long=10&interventions=on"),
    )
    for of, place, view in views:
        text = opened(f"#?study=current{view}").inner_text(place).replace("\u00a0", " ")
        found = re.search(r"([\d.,]+) (?:Wh|GWh)\b.*?P5–P95 ([\d.,]+) to ([\d.,]+)", text, flags=re.DOTALL)
        told = [float(number.replace(",", "")) for number in found.groups()]
        assert told == pytest.approx([of.value, of.p05, of.p95], rel=0.051), of.question  # two digits
        assert of.statistic.split()[0] in text


NUMBERS = {
    "50M": 5e7,
    "5e7": 5e7,
    "50 000 000": 5e7,
    "50\u202f000\u00a0000": 5e7,
    "50,000,000": 5e7,
    "50'000'000": 5e7,
    " 1.5 bn ": 1.5e9,
    "2k": 2000,
    ".5": 0.5,
    "1,234.5": 1234.5,
}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_numbers_as_people_write_them(opened, built, text, number):
    page = opened()
    assert page.evaluate("text => Entered.number(text)", text) == number
    page.locator('[name="queries"]').fill(text)
    if number < 1:
        assert "allowed: 1 to 10,000,000,000,000." in page.locator("#note").inner_text()
    else:
        expected = of_current(built, queries_per_day=number)["energy_gwh_per_day"]["mean"]
        assert shown(page)["energy_gwh_per_day", "mean"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "text", ["", "x", "1,5", "5,00,000", "1e", "--1", "5 apples", "1.2.3", "0x10", "constructor", "1toString"]
)
def test_what_is_no_number(opened, text):
    assert opened().evaluate("text => Number.isNaN(Entered.number(text))", text)


def test_what_drives_the_interval(opened, built):
    page = opened()
    question = Question(subject="frontier")
    found = page.evaluate(
        "([study, question]) => Energy.drivers(inferenceEnergy.data.studies[study], question)",
        ["current", asked(question)],
    )
    of = served(built["studies"]["current"], question, "traditional")
    logs = np.log(of.of_query * of.wh["datacenter"])
    weights = np.broadcast_to(of.shares * of.weights[:, None], logs.shape) / (of.shares * of.weights[:, None]).sum()
    draws = weights[0]
    variance = (weights * (logs - (weights * logs).mean(axis=0).sum()) ** 2).mean(axis=0).sum()
    means = logs.mean(axis=0)
    of_member = (draws * means).sum(axis=0) / np.where(draws.sum(axis=0) > 0, draws.sum(axis=0), 1)
    which = draws.sum(axis=0) @ (of_member - (draws * means).sum()) ** 2
    assert found["lengths"] == pytest.approx((draws * logs.var(axis=0, ddof=1)).sum() / variance, rel=1e-6)
    assert found["which"] == pytest.approx(which / variance, rel=1e-6)
    assert 0 < found["pue"] < 0.1 and sum(found.values()) == pytest.approx(1, abs=0.05)
    assert f"{100 * found['lengths']:.0f}" in page.locator("#why").inner_text()
    own = opened("#?study=current&input=2000&output=500&pue=1.2").evaluate(
        "Energy.drivers(inferenceEnergy.data.studies.current, Controls.question())"
    )
    assert own["lengths"] == pytest.approx(0, abs=1e-9) and own["pue"] == 0


def test_measurements_of_others_are_compared(opened):
    words = opened().locator("#why").inner_text()
    assert "Measured by others, within the interval: Gemini Apps, median text prompt, 0.1 and 0.24" in words
    long = opened("#?study=current&workload=long&input=2000&output=100000").locator("#why").inner_text()
    assert "outside the interval: Gemini Apps" in long


def test_a_view_is_downloaded(opened, tmp_path):
    page, files = opened("#?study=current&pue=1.2&a-own-model=on"), {}
    for kind in ("png", "csv", "json"):
        with page.expect_download() as download:
            page.locator(f'[data-file="{kind}"]').click()
        assert download.value.suggested_filename == f"inference-energy.{kind}"
        files[kind] = tmp_path / kind
        download.value.save_as(files[kind])
    assert files["png"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and files["png"].stat().st_size > 30_000
    rows = list(csv.DictReader(files["csv"].open()))
    view = json.loads(files["json"].read_text())
    assert float(rows[0]["middle"]) == pytest.approx(view["answer"]["headline_wh"]["p50"])
    assert {row["kind"] for row in rows} == {"this view", "measured", "modelled", "stated"}
    assert view["question"]["pue"] == 1.2 and "a-own-model=on" in view["address"]
    assert view["answer"]["headline_wh"]["p50"] == shown(page)["headline_wh", "p50"]


def test_the_answer_stays_in_view(opened):
    page = opened("#?study=current")
    page.locator('[name="zone"]').scroll_into_view_if_needed()
    page.mouse.wheel(0, 700)
    page.wait_for_timeout(100)
    assert page.locator("#range").evaluate("of => of.getBoundingClientRect().top") >= 0
    phone = opened("#?study=current", width=360)
    places = phone.evaluate(
        "['headline', 'controls'].map(id => document.getElementById(id).getBoundingClientRect().top)"
    )
    assert places[0] < places[1]
    assert phone.locator("#bar").is_visible()
    phone.locator("#ask-form").scroll_into_view_if_needed()
    phone.evaluate("document.getElementById('ask-form').scrollIntoView()")
    phone.wait_for_selector("#ask-bar", state="visible")
    assert re.fullmatch(r"A [\d.]+ Wh · B [\d.]+ Wh", phone.locator("#ask-bar").inner_text().replace("\u00a0", " "))


FRAGMENTS = [
    "#%",
    "#%E0%A4%A",
    "#?%",
    "#?study=%E0%A4%A",
    "#?study=toString",
    "#?study=__proto__",
    "#?study=constructor&subject=__proto__&workload=valueOf&zone=hasOwnProperty&gpu=toString",
    "#?__proto__=x&toString=y&constructor=z",
    "#?=&&==&study",
    "#<script>window.hostile=1</script>",
    "#?study=<img src=x onerror=window.hostile=1>&<b>=1",
    f"#{'x' * 100_000}",
    f"#?study={'x' * 100_000}",
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_any_address_shows_the_page(opened, fragment):
    plain, page = shown(opened()), opened(fragment)
    assert shown(page) == plain
    page.evaluate("location.hash = '#?study=current'")
    page.evaluate("fragment => { location.hash = fragment; }", fragment)
    page.wait_for_timeout(50)
    assert page.locator("#summary").inner_text() != ""
    assert page.evaluate("window.hostile") is None


@pytest.mark.parametrize("file", ["explanations.html", "headline.html", "methods.html"])
def test_any_address_shows_other_pages_too(opened, file):
    page = opened(FRAGMENTS[0], file=file)
    for fragment in FRAGMENTS:
        page.evaluate("fragment => { location.hash = fragment; }", fragment)
        page.wait_for_timeout(20)
    assert page.locator("h1").is_visible()


def test_an_address_of_an_older_page_is_read_as_far_as_possible(opened):
    page = opened("#?study=current&workload=own&pue=1.2&load=0.6&attainment=0.5&levers=routing&latency=50")
    assert page.locator('[name="pue"]').input_value() == "1.2"
    assert page.locator('[name="workload"]').input_value() == "traditional"
    assert "load, attainment, levers, latency" in page.locator("#address-note").inner_text()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("pue=0.5", ["PUE", "0.5", "1 to 3"]),
        ("long=101", ["Long queries", "101", "0 to 100"]),
        ("queries=", ["Queries per day", "found nothing"]),
        ("input=100&cached=200&output=5", ["Cached prompt tokens", "200", "100"]),
        ("input=100&output=0", ["Answer tokens", "found 0", "1 to"]),
        ("input=100", ["Answer tokens", "found nothing"]),
        ("subject=DeepSeek-V3.2&gpu=H100+SXM+80GB", ["DeepSeek-V3.2 on H100 SXM 80GB", "operating point"]),
    ],
)
def test_a_question_without_an_answer_says_why(opened, state, words):
    page = opened(f"#?study=current&{state}")
    note = page.locator("#note").inner_text()
    assert all(word in note for word in words), note
    assert page.locator("output[data-value]").count() == 0
    assert page.locator("#summary").inner_text() == ""


def test_keys_alone_do_everything(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator('[name="study"][value="current"]').focus()
    page.keyboard.press("ArrowUp")
    assert page.locator('[name="study"]:checked').get_attribute("value") == "joule-2026"
    summary = page.locator("summary", has_text="Interventions").first
    summary.focus()
    page.keyboard.press("Enter")
    before = shown(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page)["multiplier", "p50"] > 1
    assert shown(page)["headline_wh", "p50"] < before["headline_wh", "p50"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_accessible_and_within_its_width(opened, width, dark):
    page = opened(
        "#?study=current&long=10&interventions=on&pue=1.2&a-own-model=on&b-own-gpu=on", width=width, dark=dark
    )
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("body *:not(.scroll *, svg *, .skip, .unseen)")]
            .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
            .map(element => element.outerHTML.slice(0, 80))"""
    )
    assert beyond == []
    found = Axe().run(page).response["violations"]
    assert not found, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


def test_every_figure_is_drawn_with_its_caption(opened):
    page = opened()
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    drawn = {path.relative_to(RESULTS).with_suffix("") for path in (RESULTS / "figures").rglob("*.svg")}
    links = page.locator(".plate figcaption a", has_text="SVG").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert sorted(links) == sorted(f"{path}.svg" for path in drawn)
    assert all(page.locator(".plate img").evaluate_all("all => all.map(image => image.alt.length > 20)"))
    assert all(page.locator(".plate figcaption").evaluate_all("all => all.map(text => text.innerText.length > 60)"))


def test_a_page_that_has_just_loaded_prints_with_every_figure(opened):
    page = opened().context.new_page()
    page.add_init_script(
        """addEventListener("load", () => {
            window.atLoad = [...document.images].map(image => image.complete && image.naturalWidth > 0);
            window.answered = document.getElementById("range").innerText;
        })"""
    )
    page.goto(PAGE.as_uri())
    drawn = page.evaluate("window.atLoad")
    assert len(drawn) == len(list((RESULTS / "figures").rglob("*.svg"))) and all(drawn)
    assert "Wh" in page.evaluate("window.answered")
    assert page.locator("iframe").count() == 0


GROUND_OF_FIRST = """() => {
    const [canvas, image] = [document.createElement("canvas"), document.querySelector(".plate img")];
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    return [...pen.getImageData(2, 2, 1, 1).data];
}"""


def test_figures_have_the_ground_of_the_screen(opened):
    assert opened().evaluate(GROUND_OF_FIRST)[:3] == [255, 255, 255]
    assert max(opened(dark=True).evaluate(GROUND_OF_FIRST)[:3]) < 40


def test_a_figure_is_enlarged_on_a_phone(opened):
    page = opened(width=360)
    zoom = page.locator(".plate .zoom").first
    assert zoom.locator("img").bounding_box()["width"] < 360
    zoom.click()
    assert zoom.locator("img").bounding_box()["width"] > 700
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    zoom.press("Enter")
    assert zoom.locator("img").bounding_box()["width"] < 360


@pytest.mark.parametrize("width", WIDTHS)
def test_long_names_leave_room_for_the_page(opened, width):
    page, long = opened(width=width), "x" * 500 + " y" * 250
    page.evaluate(
        """long => {
            inferenceEnergy.data.studies.current.classes.frontier.label = long;
            document.querySelector(".presets span").textContent = long;
        }""",
        long,
    )
    page.locator('[name="study"][value="joule-2026"]').check()
    page.locator('[name="study"][value="current"]').check()
    assert page.locator("#summary").get_attribute("title").startswith(long)
    assert page.locator("#summary").bounding_box()["height"] < 60
    assert page.locator("#headline").bounding_box()["height"] < 320
    assert page.locator(".presets").bounding_box()["height"] < 400
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_links_within_the_page_lead_somewhere(opened):
    page = opened()
    targets = page.locator('a[href^="#"]').evaluate_all("all => all.map(a => a.getAttribute('href').slice(1))")
    assert targets and page.evaluate("ids => ids.filter(id => !document.getElementById(id))", targets) == []


def test_prints_without_controls(opened):
    page = opened()
    page.emulate_media(media="print")
    assert not page.locator("#controls").is_visible()
    assert page.locator("#card-query").is_visible()


def test_one_small_file_without_addresses_to_fetch_from():
    text = PAGE.read_text()
    assert len(text.encode()) <= LARGEST_BYTES
    without_scripts = re.sub(r"(<script[^>]*>).*?(</script>)", r"\1\2", text, flags=re.DOTALL)
    assert without_scripts.count("<script") == text.count("<script")
    assert re.findall(r'<(?:script|img|link|iframe)[^>]*\b(?:src|href)="(?!data:)', without_scripts) == []
