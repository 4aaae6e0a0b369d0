"""The dashboard as its users meet it."""

import itertools
import random
import re
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_page import PAGE, RESULTS
from inference_energy.dashboard.engine import OWN, Question, answer

LARGEST_BYTES = 5_000_000
WIDTHS = (360, 1280)
QUESTIONS = 80
ASK = """([study, question, zone]) => Energy.answer(
    inferenceEnergy.data.studies[study], question, zone ? inferenceEnergy.data.zones[zone] : null)"""


def asked(question: Question) -> dict:
    """A question as the page puts it."""
    prompt, answer_tokens, cached = question.own_tokens or (0, 0, 0)
    return {
        "subject": question.subject,
        "workload": question.workload,
        "own_tokens": {"input": prompt, "output": answer_tokens, "cached": cached},
        "gpu": question.gpu,
        "boundary": question.boundary,
        "pue": question.pue,
        "load": question.load,
        "attainment": question.attainment,
        "latency_target_ms": question.latency_target_ms and f"{question.latency_target_ms:g}",
        "long_share": question.long_share,
        "queries_per_day": question.queries_per_day,
        "levers": list(question.levers),
    }


def questions(name, explorer):
    """Every subject and workload as the study has them, then combinations of everything at random."""
    subjects, workloads = list(explorer.service.subjects()), list(explorer.points)
    for subject, workload in itertools.product(subjects, workloads):
        yield Question(subject=subject, workload=workload, zone="USA")
    chance = random.Random(name)
    targets = sorted(set.intersection(*(set(costs) for costs in explorer.latency.values())))
    for _ in range(QUESTIONS):
        workload = chance.choice([*workloads, OWN])
        yield Question(
            subject=chance.choice(subjects),
            workload=workload,
            own_tokens=(chance.choice([1, 300, 5e4]), chance.choice([1, 400, 2e4]), chance.choice([0, 0.5]))
            if workload == OWN
            else None,
            gpu=chance.choice([None, *explorer.gpus_per_node]),
            boundary=chance.choice(["gpu_boards", "node", "datacenter", "fleet"]),
            pue=chance.choice([None, 1.0, 1.3]),
            load=chance.choice([None, 0.3, 1]),
            attainment=chance.choice([None, 0.4]),
            latency_target_ms=chance.choice([None, *targets]),
            long_share=chance.choice([0, 0.1, 1]),
            queries_per_day=chance.choice([1, 1e9]),
            levers=tuple(chance.sample(list(explorer.levers), chance.randint(0, len(explorer.levers)))),
            zone=chance.choice([None, "USA", "FRA"]),
        )


def same(found: dict, expected: dict) -> None:
    assert found.keys() == expected.keys()
    for quantity, of in expected.items():
        assert found[quantity] == pytest.approx(of, rel=1e-9), quantity


def test_the_page_computes_what_python_computes(opened, built):
    page = opened()
    for name, explorer in built.items():
        for question in questions(name, explorer):
            same(page.evaluate(ASK, [name, asked(question), question.zone]), answer(explorer, question))


def shown(page) -> dict[tuple[str, str], float]:
    outputs = page.locator("output[data-value]").evaluate_all(
        """found => found.filter(output => output.checkVisibility())
            .map(({ dataset }) => [dataset.quantity, dataset.statistic, Number(dataset.value)])"""
    )
    return {(quantity, statistic): value for quantity, statistic, value in outputs}


CONTROLS = [
    ("subject", "DeepSeek-R1", {"subject": "DeepSeek-R1"}),
    ("workload", "long", {"workload": "long"}),
    ("gpu", "B200 180GB", {"gpu": "B200 180GB"}),
    ("latency", "50", {"latency_target_ms": 50.0}),
    ("boundary", "gpu_boards", {"boundary": "gpu_boards"}),
    ("queries", "5000000", {"queries_per_day": 5e6}),
    ("long", "25", {"long_share": 0.25}),
    ("zone", "FRA", {"zone": "FRA"}),
    ("pue", "1.5", {"pue": 1.5}),
    ("load", "0.9", {"load": 0.9}),
    ("attainment", "0.3", {"attainment": 0.3}),
    ("levers", "prefix_caching", {"levers": ("prefix_caching",)}),
]


@pytest.mark.parametrize(("control", "value", "changes"), CONTROLS, ids=[control for control, *_ in CONTROLS])
def test_a_control_changes_the_numbers_to_those_of_python(opened, built, control, value, changes):
    page = opened("#?study=current")
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    before = shown(page)
    field = page.locator(f'#controls [name="{control}"]')
    if control == "levers":
        page.locator(f'[name="levers"][value="{value}"]').check()
    elif field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
    expected = answer(built["current"], Question(**({"subject": "frontier", "zone": "USA"} | changes)))
    after = shown(page)
    assert after != before
    for (quantity, statistic), number in after.items():
        assert number == pytest.approx(expected[quantity][statistic], rel=1e-9), (quantity, statistic)


def test_own_lengths_are_asked_for_and_used(opened, built):
    page = opened("#?study=current")
    assert not page.locator('[name="output"]').is_visible()
    page.locator('[name="workload"]').select_option("own")
    for name, value in (("input", "2000"), ("cached", "500"), ("output", "700")):
        page.locator(f'[name="{name}"]').fill(value)
    expected = answer(
        built["current"], Question(subject="frontier", workload=OWN, own_tokens=(2000, 700, 500), zone="USA")
    )
    assert shown(page)["query_wh", "p50"] == pytest.approx(expected["query_wh"]["p50"], rel=1e-9)


@pytest.mark.parametrize("study", ["arxiv-2025", "joule-2026", "current"])
def test_a_study_and_its_scenarios_are_a_click_away(opened, built, study):
    page = opened()
    page.locator(f'[name="study"][value="{study}"]').check()
    page.get_by_role("button", name="10 % long + interventions").click()
    fleet = built[study].service.study.fleet
    applied, zone = fleet.levers or ["fleet_serving"], fleet.grid_zone
    expected = answer(built[study], Question(subject="frontier", long_share=0.1, levers=tuple(applied), zone=zone))
    assert shown(page)["energy_gwh_per_day", "mean"] == pytest.approx(expected["energy_gwh_per_day"]["mean"], rel=1e-9)
    page.get_by_role("button", name="Back to the study").click()
    plain = answer(built[study], Question(subject="frontier", zone=zone))
    assert shown(page)["query_wh", "p50"] == pytest.approx(plain["query_wh"]["p50"], rel=1e-9)


def test_the_address_holds_the_view(opened):
    state = {
        "study": "current",
        "subject": "large",
        "workload": "own",
        "input": "3000",
        "output": "90",
        "pue": "1.2",
        "long": "5",
        "levers": "routing,lower_pue",
    }
    page = opened("#?" + urlencode(state))
    again = opened(page.evaluate("location.hash"))
    assert shown(again) == shown(page)
    assert again.locator('[name="subject"]').input_value() == "large"
    assert again.locator('[name="levers"]:checked').count() == 2
    page.locator('[name="pue"]').evaluate("field => field.closest('details').open = true")
    page.locator('[name="pue"]').fill("1.3")
    assert "pue=1.3" in page.evaluate("location.hash")


def test_an_address_of_another_study_or_with_nonsense_shows_the_study(opened):
    plain = shown(opened())
    assert shown(opened("#?study=nobody&subject=nothing&levers=none&boundary=moon")) == plain


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("pue=0.5", ["PUE", "0.5", "1 to 3"]),
        ("long=101", ["Long queries", "101", "0 to 100"]),
        ("queries=", ["Queries per day", "found nothing"]),
        ("workload=own&input=100&cached=200", ["Cached prompt tokens", "200", "100"]),
        ("workload=own&output=0", ["Answer tokens", "found 0", "1 to"]),
    ],
)
def test_a_wrong_input_is_named_and_nothing_is_computed_from_it(opened, state, words):
    page = opened(f"#?study=current&{state}")
    note = page.locator("#note").inner_text()
    assert all(word in note for word in words), note
    assert page.locator("output[data-value]").count() == 0


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
    assert shown(page)["query_wh", "p50"] < before["query_wh", "p50"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_accessible_and_within_its_width(opened, width, dark):
    page = opened("#?study=current&long=10&levers=routing&pue=1.2", width=width, dark=dark)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("body *:not(.scroll *, svg *, .skip, .unseen)")]
            .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
            .map(element => element.outerHTML.slice(0, 80))"""
    )
    assert beyond == []
    found = Axe().run(page)
    serious = [rule for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    assert not serious, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious]


def test_every_figure_is_drawn_with_its_caption(opened):
    page = opened()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    drawn = {path.relative_to(RESULTS).with_suffix("") for path in (RESULTS / "figures").rglob("*.svg")}
    links = page.locator(".plate figcaption a", has_text="SVG").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert sorted(links) == sorted(f"{path}.svg" for path in drawn)
    assert all(page.locator(".plate img").evaluate_all("all => all.map(image => image.alt.length > 20)"))
    assert all(page.locator(".plate figcaption").evaluate_all("all => all.map(text => text.innerText.length > 60)"))


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
