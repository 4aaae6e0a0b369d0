"""Headline numbers: the row of a result table that each of them is, beside what a publication prints."""

from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import constant, quoted, study_key
from inference_energy.explain.step import Node, Place, computed, number
from inference_energy.headline import printed as headline_printed
from inference_energy.headline.printed import REFERENCE_EDITION

FILE = "resources/published_values.csv"
ENERGY, DAY, MULTIPLIER = "energy_wh_", "energy_gwh_per_day_", "multiplier_"


def explained(asked: Asked) -> Node:
    """A number of `headline`."""
    column = asked.column
    if column == "published":
        return asked.node("x", [printed(asked, "x")])
    if column in ("computed", "computed_p05", "computed_p95"):
        return _computed(asked)
    if column == "relative_difference":
        parts = [asked.beside("computed", "computed"), printed(asked, "published")]
        return asked.node("computed / published - 1", parts)
    if column == "tolerance":
        _line, cells = asked.evidence.registry_row(FILE, study=asked.study, quantity=asked.row["quantity"])
        resolution = printed(asked, "resolution", float(cells["resolution"]))
        errors = constant(
            headline_printed, "STANDARD_ERRORS", headline_printed.STANDARD_ERRORS, "standard errors allowed", symbol="k"
        )
        return asked.node("resolution / 2 + k * se", [resolution, errors, asked.beside("sampling_se", "se")])
    return _sampling_error(asked)


def printed(asked: Asked, symbol: str, value: float | None = None) -> Node:
    """What a publication prints for a headline number, with the place in it."""
    row, names = asked.row, _published_row(asked)
    line, cells = asked.evidence.registry_row(FILE, **names)
    place = Place(
        kind="published",
        file=FILE,
        line=line,
        key=f"{names['study']}, {names['quantity']}",
        quote=quoted(cells, ("published", "resolution", "unit", "locator")),
        url=row["published_source"] or "",
        origin=f"{row['published_source']}, {row['locator']}",
    )
    label = f"as printed by {row['published_source']}, {row['locator']}"
    shown = float(cells["published"]) if value is None else value
    return Node(label=label, symbol=symbol, value=shown, unit=row["unit"], place=place, note=cells.get("note", ""))


def _published_row(asked: Asked) -> dict[str, str]:
    if asked.evidence.study(asked.study)["method"] == "published":
        return {"study": asked.study, "quantity": asked.row["quantity"]}
    for names in _nearest(asked.row["quantity"]):
        try:
            asked.evidence.registry_row(FILE, study=REFERENCE_EDITION, quantity=names)
        except KeyError:
            continue
        return {"study": REFERENCE_EDITION, "quantity": names}
    return {"study": REFERENCE_EDITION, "quantity": asked.row["quantity"]}


def _nearest(quantity: str) -> list[str]:
    """What the newest edition could call the question nearest to one of ours."""
    return [
        quantity.replace(" untrimmed", " as_published"),
        quantity.replace(f"{DAY}p50", f"{DAY}mean"),
        quantity.replace("all_levers independent", "independent"),
    ]


def _computed(asked: Asked) -> Node:
    end = asked.column.removeprefix("computed").lstrip("_")
    row, words = asked.row, asked.row["quantity"]
    beside = [printed(asked, "")] if row["published"] is not None else []
    note = row["note"] or ""
    if words.startswith("long/traditional output_tokens"):
        return asked.node("long / short", [*beside, *_medians(asked)], note=note)
    if words.startswith("long/traditional"):
        return asked.node("long / traditional", [*beside, *_both(asked)], note=note)
    if words.startswith("published_estimate/"):
        return asked.node("theirs / ours", [*beside, *_overstated(asked)], note=note)
    found = _target(asked, end)
    return asked.node("x", [*beside, found], note=note)


def _target(asked: Asked, end: str) -> Node:
    """The number of a result table that a headline number is."""
    words = asked.row["quantity"]
    rest, _, last = words.rpartition(" ")
    if last.startswith(DAY):
        row = asked.evidence.row("scenario_aggregates", study=asked.study, scenario=rest)
        return asked.of("scenario_aggregates", row, f"{DAY}{end}" if end else last, "x")
    if MULTIPLIER in words:
        return _multiplier(asked, end)
    spread = last
    subject, _, column = rest.rpartition(" ")
    column = f"{ENERGY}{end}" if end else column
    workload, _, name = subject.partition(" ")
    key = {"study": asked.study, "workload": workload, "spread": spread}
    if not asked.evidence.rows("energy_per_query", **key, subject=name).is_empty():
        return asked.of("energy_per_query", asked.evidence.row("energy_per_query", **key, subject=name), column, "x")
    row = asked.evidence.row("intervention_multipliers", **key, lever=name)
    return asked.of("intervention_multipliers", row, column, "x")


def _multiplier(asked: Asked, end: str) -> Node:
    parts = asked.row["quantity"].split(" ")
    workload = parts[0]
    rows = asked.evidence.rows("intervention_multipliers", study=asked.study, workload=workload)
    if asked.evidence.study(asked.study)["method"] == "nested":
        lever, combination, column = parts[1:]
        row = rows.filter(lever=lever, combination=combination, spread="shared").row(0, named=True)
        return asked.of("intervention_multipliers", row, f"{MULTIPLIER}{end}" if end else column, "x")
    plain = rows.filter(spread="untrimmed")
    if parts[1] == "single":
        single = plain.filter(combination="single").sort("multiplier_p50")
        row = single.row(0 if parts[-1] == "lowest" else -1, named=True)
        return asked.of("intervention_multipliers", row, parts[2], "x")
    chosen = plain.filter(combination="independent") if parts[1] == "independent" else plain.filter(lever=parts[1])
    return asked.of("intervention_multipliers", chosen.row(0, named=True), parts[2], "x")


def _both(asked: Asked) -> list[Node]:
    """Median energies of long and of traditional queries."""
    _, subject, _, spread = asked.row["quantity"].split(" ")
    return [
        asked.of(
            "energy_per_query",
            asked.evidence.row(
                "energy_per_query", study=asked.study, workload=workload, subject=subject, spread=spread
            ),
            "energy_wh_p50",
            workload,
        )
        for workload in ("long", "traditional")
    ]


def _medians(asked: Asked) -> list[Node]:
    study = asked.evidence.study(asked.study)["workloads"]
    return [
        study_key(
            asked.evidence,
            asked.study,
            ["workloads", workload, "output_tokens", "median"],
            study[workload]["output_tokens"]["median"],
            symbol=symbol,
            unit="tokens",
        )
        for workload, symbol in (("long", "long"), ("traditional", "short"))
    ]


def _overstated(asked: Asked) -> list[Node]:
    """The statement that lies lowest or highest of those compared, and our median."""
    study = asked.evidence.study(asked.study)
    rows = []
    for place, name in enumerate(study["compared_estimates"]):
        source, _, row_id = name.partition("/")
        rows.append((asked.evidence.row("published_estimate", source=source, row_id=row_id), place))
    choose = min if asked.row["quantity"].endswith("lowest") else max
    row, place = choose(rows, key=lambda pair: pair[0]["energy_wh"])
    ours = asked.evidence.row(
        "energy_per_query",
        study=asked.study,
        workload="traditional",
        subject=study["interventions"]["subject"],
        spread="as_published",
    )
    return [
        asked.of("published_estimate", row, "energy_wh", "theirs"),
        asked.of("energy_per_query", ours, "energy_wh_p50", "ours"),
        study_key(
            asked.evidence, asked.study, ["compared_estimates", place], row["row_id"], label="compared estimates"
        ),
    ]


def _sampling_error(asked: Asked) -> Node:
    """Standard error of a headline number in a run of the size that was published."""
    words, draws = asked.row["quantity"], asked.evidence.config["draws"]
    published = asked.evidence.study(asked.study)["as_published"]["draws_per_model"]
    size = [
        number("n", "draws of ours", draws),
        study_key(asked.evidence, asked.study, ["as_published", "draws_per_model"], published, symbol="n_published"),
    ]
    scale = "se * sqrt(n / n_published)"
    if words.startswith("long/traditional ") and ENERGY in words:
        ratio = asked.beside("computed", "ratio")
        terms = []
        for workload in ("long", "traditional"):
            row = _energy_row(asked, workload)
            error = asked.of("energy_per_query", row, "energy_wh_p50_se", "se")
            value = asked.of("energy_per_query", row, "energy_wh_p50", "E")
            terms.append(
                computed(f"relative error of {workload}", f"{scale} / E", [error, value, *size], symbol=workload)
            )
        return asked.node("ratio * sqrt(long ** 2 + traditional ** 2)", [ratio, *terms])
    if words.startswith("published_estimate/"):
        row = _energy_row(asked, "traditional", "as_published")
        error = asked.of("energy_per_query", row, "energy_wh_p50_se", "se")
        value = asked.of("energy_per_query", row, "energy_wh_p50", "E")
        return asked.node(f"ratio * {scale} / E", [asked.beside("computed", "ratio"), error, value, *size])
    if DAY in words:
        row = asked.evidence.row("scenario_aggregates", study=asked.study, scenario=words.split(" ")[0])
        return asked.node("x", [asked.of("scenario_aggregates", row, f"{DAY}published_se", "x")])
    if ENERGY in words and "/" not in words:
        found = _target_error(asked)
        return asked.node(scale, [found, *size])
    return asked.node("0 * n", size, note="known exactly: it is not drawn")


def _energy_row(asked: Asked, workload: str, spread: str | None = None) -> dict:
    subject = asked.evidence.study(asked.study)["interventions"]["subject"]
    spread = spread or asked.row["quantity"].rpartition(" ")[2]
    return asked.evidence.row("energy_per_query", study=asked.study, workload=workload, subject=subject, spread=spread)


def _target_error(asked: Asked) -> Node:
    rest, _, spread = asked.row["quantity"].rpartition(" ")
    subject, _, column = rest.rpartition(" ")
    workload, _, name = subject.partition(" ")
    key = {"study": asked.study, "workload": workload, "spread": spread}
    rows = asked.evidence.rows("energy_per_query", **key, subject=name)
    table = "intervention_multipliers" if rows.is_empty() else "energy_per_query"
    row = asked.evidence.row(table, **key, lever=name) if rows.is_empty() else rows.row(0, named=True)
    return asked.of(table, row, f"{column}_se", "se")
