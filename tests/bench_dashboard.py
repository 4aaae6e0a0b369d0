"""Speed of the page in a real browser: until it is interactive, and until a control has answered. Judges nothing."""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "helpers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

from built_page import PAGE, launched
from playwright.sync_api import sync_playwright

REPEATS = 5
# From the event of a control to the next frame, with its numbers and charts drawn.
ANSWERED = """async ([name, value]) => {
    const field = document.querySelector(`[name="${name}"]`);
    const start = performance.now();
    if (field.type === "checkbox") field.checked = !field.checked;
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise(resolve => setTimeout(resolve));
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""
CONTROLS = [
    *(("subject", "large"), ("workload", "long"), ("pue", "1.3"), ("queries", "1e7"), ("interventions", "")),
    *(("ask-output", "700"), ("a-own-model", ""), ("a-total_b", "70"), ("a-own-gpu", ""), ("b-own-model", "")),
]


def main() -> None:
    """Print the median and range of every figure."""
    ready, answers = [], {"as in the study": [], "a tenth long, interventions applied": []}
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for _ in range(REPEATS):
            for state, times in zip(
                ("study=current", "study=current&long=10&interventions=on"), answers.values(), strict=True
            ):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                start = time.perf_counter()
                page.goto(f"{PAGE.as_uri()}#?{state}")
                page.wait_for_selector("html[data-ready]")
                ready.append(time.perf_counter() - start)
                times += [page.evaluate(ANSWERED, list(control)) for control in CONTROLS]
                page.close()
        browser.close()
    print(f"dashboard: {PAGE.stat().st_size / 1e6:.1f} MB")
    for name, values, unit in (
        ("interactive", ready, "s"),
        *((f"a control answers, {name}", times, "ms") for name, times in answers.items()),
    ):
        print(f"{name:<42}{statistics.median(values):8.2f} ({min(values):.2f}-{max(values):.2f}) {unit}")


if __name__ == "__main__":
    main()
