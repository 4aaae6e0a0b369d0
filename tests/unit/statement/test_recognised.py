"""Files recognised by their structure: what is counted in each, in any order of keys, with columns beside them."""

import json
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest
import yaml
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import recognised
from recognised_folder import CLOSED, FORMATS, counted, recognise
from usage_formats import EXAMPLES, MODEL, Example

BY_NAME = {example.format: example for example in EXAMPLES}


def check_counts(example: Example, sums: pl.DataFrame, kinds: pl.DataFrame) -> None:
    assert set(sums["model"]) == set(example.models)
    requests = None if sums["requests"].null_count() else int(sums["requests"].sum())
    assert requests == example.requests
    found = [int(sums[name].sum() or 0) for name in ("input_tokens", "cached_tokens", "output_tokens")]
    assert found == [example.prompt, example.cached, example.answer]
    apart = kinds.filter(pl.col("kind").is_in([kind for kind, _ in example.apart]))
    counts = apart.group_by("kind").agg(pl.col("rows").sum()).sort("kind")
    assert [(kind, int(rows)) for kind, rows in counts.iter_rows()] == sorted(example.apart)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.format)
def test_every_format_is_read_right_without_a_usage_file(tmp_path, example):
    example.write(tmp_path / "in")
    name, lines = recognise(tmp_path / "in", tmp_path / "usage")
    label = next(each.label for each in FORMATS if each.name == example.format)
    assert lines == [f"{example.name}: {label}, read as {example.kind}", f"Written: {tmp_path / 'usage' / name}.yaml"]
    check_counts(example, *counted(tmp_path / "in", tmp_path / "usage"))


def test_every_format_has_an_example():
    assert {each.name for each in FORMATS if not each.refused} - {"aws_cur"} == set(BY_NAME)


def renamed(node, order):
    """The same JSON with keys in another order."""
    if isinstance(node, dict):
        keys = list(node)
        order.shuffle(keys)
        return {key: renamed(node[key], order) for key in keys}
    return [renamed(each, order) for each in node] if isinstance(node, list) else node


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    example=st.sampled_from(EXAMPLES),
    order=st.randoms(use_true_random=False),
    beside=st.dictionaries(
        st.sampled_from(["zone_id", "note", "x_9", "Größe"]), st.sampled_from(["", "7", "a,b", 'q"'])
    ),
    name=st.sampled_from(["a b.dat", "x[1].txt", "Ünï.CSV", "log.1", "deep/er/file"]),
)
def test_order_of_keys_columns_beside_and_names_of_files_change_nothing(tmp_path_factory, example, order, beside, name):
    folder = tmp_path_factory.mktemp("any")
    keys = list(example.rows[0]) + list(beside)
    order.shuffle(keys)
    rows = [renamed(row, order) | beside for row in example.rows]
    if example.shape == "csv":
        rows = [{key: (row | beside)[key] for key in keys} for row in rows]
    example.write(folder / "in", rows, f"{name}.json.gz" if example.shape == "packed" else name)
    check_counts(example, *counted(folder / "in", folder / "usage"))


def test_all_formats_in_one_folder_are_read_together(tmp_path):
    for number, example in enumerate(EXAMPLES):
        example.write(tmp_path / "in", name=f"{number}/{example.name}")
    (tmp_path / "in/notes.txt").write_text("Ask Kim.\n")
    sums, _ = counted(tmp_path / "in", tmp_path / "usage")
    for example in EXAMPLES:
        own = sums.filter(pl.col("source") == example.format)
        assert int(own["input_tokens"].sum()) == example.prompt, example.format
    text = (tmp_path / "usage/in.yaml").read_text()
    assert "Not read: notes.txt: found no columns" in text


def test_what_is_not_known_is_assumed_aloud(tmp_path):
    row = BY_NAME["openai_completions_csv"].rows[0]
    BY_NAME["openai_completions_csv"].write(tmp_path / "in", [row | {"model": "gpt-5"}, row | {"model": "house-7b"}])
    recognise(tmp_path / "in", tmp_path / "usage")
    usage = yaml.safe_load((tmp_path / "usage/in.yaml").read_text())
    assert usage["models"] == {"names": {"gpt-5": "frontier"}, "unknown": {"class": "frontier"}}
    assert usage["regions"] == {"default": {"grid_zone": "WOR"}}
    said = " ".join(usage["assumptions"])
    for part in ("average of the world", "class frontier", "not public: gpt-5.", "azure_conversation"):
        assert part in said


@pytest.mark.parametrize(
    ("format_", "column", "amounts", "currency"),
    [
        ("openrouter_activity", "cost_total", ("0.25", "0.5"), "USD"),
        ("litellm_spend_logs", "spend", ("0.25", "5e-1"), "USD"),
        ("aws_focus", "BilledCost", ("0.25", "0.50"), "EUR"),
        ("azure_cost_details", "CostInBillingCurrency", ("0.25", "0.50"), "EUR"),
    ],
)
def test_what_files_say_that_rows_cost_is_added_up_by_currency(tmp_path, format_, column, amounts, currency):
    example = BY_NAME[format_]
    beside = {"BillingCurrency": currency, "UnitPrice": "0"}
    rows = [row | {column: "0"} | beside for row in example.rows]
    rows[0][column], rows[1][column] = amounts
    example.write(tmp_path / "in", rows)
    _, kinds = counted(tmp_path / "in", tmp_path / "usage")
    costs = kinds.filter(pl.col("cost").is_not_null())
    assert costs["currency"].unique().to_list() == [currency]
    assert costs["cost"].sum() == pytest.approx(0.75)
    assert costs["rows"].sum() == 0
    rows[0][column] = "0,25"
    example.write(tmp_path / "in", rows)
    with pytest.raises(InputError, match=r"cost \(column .*\): 1 rows are no numbers, such as '0,25'"):
        counted(tmp_path / "in", tmp_path / "usage")


@pytest.mark.parametrize("format_", ["langfuse_observations", "litellm_spend_logs"])
def test_formats_that_are_exported_as_tables_and_as_json_are_read_alike(tmp_path, format_):
    example = BY_NAME[format_]
    texts = [{key: json.dumps(of) if isinstance(of, dict) else of for key, of in row.items()} for row in example.rows]
    for shape, name in (("csv", "a.csv"), ("lines", "b.jsonl")):
        replace(example, shape=shape).write(tmp_path / shape, texts if shape == "csv" else None, name)
        check_counts(example, *counted(tmp_path / shape, tmp_path / f"usage_{shape}"))
    for shape in ("csv", "lines"):
        (tmp_path / "both").mkdir(exist_ok=True)
        for path in (tmp_path / shape).iterdir():
            path.rename(tmp_path / "both" / path.name)
    with pytest.raises(InputError, match=r"requests that|ids that"):
        counted(tmp_path / "both", tmp_path / "usage")


def test_what_a_quantity_of_parquet_counts_is_settled_too(tmp_path):
    rows = BY_NAME["azure_cost_details"].rows
    (tmp_path / "in").mkdir()
    pl.DataFrame([{k: v for k, v in row.items() if k != "CostInBillingCurrency"} for row in rows]).write_parquet(
        tmp_path / "in/a.parquet"
    )
    with pytest.raises(InputError, match="which may be 125,000 tokens or 0, and no cost"):
        recognise(tmp_path / "in", tmp_path / "usage")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku"),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet"),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4"),
        ("global.anthropic.claude-opus-4-6-v1", "Claude Opus 4.6"),
        ("apac.amazon.nova-pro-v1:0", "Amazon Nova Pro"),
        ("amazon.nova-micro-v1:0", "Amazon Nova Micro"),
    ],
)
def test_names_of_bedrock_are_those_of_closed_models(name, model):
    assert CLOSED[1].resolve(name) == model


def test_a_bill_that_another_format_holds_too_is_left_out_aloud(tmp_path):
    row = BY_NAME["openai_completions_csv"].rows[0]
    more = row | {"model": "gpt-5", "input_tokens": "77000", "output_tokens": "9"}
    BY_NAME["openai_completions_csv"].write(tmp_path / "in", [row, more])
    result = {"num_model_requests": 2, "model": None} | {
        key: int(row[key]) for key in ("input_tokens", "output_tokens", "input_cached_tokens")
    }
    start = int(datetime.fromisoformat(row["start_time_iso"]).timestamp())
    page = {"data": [{"start_time": start, "results": [result]}]}
    (tmp_path / "in/page.json").write_text(json.dumps(page))
    _, lines = recognise(tmp_path / "in", tmp_path / "usage")
    assert lines[-2].startswith("Left out: page.json: openai_completions_csv has the same tokens")
    usage = yaml.safe_load((tmp_path / "usage/in.yaml").read_text())
    assert list(usage["bills"]) == ["openai_completions_csv"]
    page["data"].append({"start_time": start + 86_400, "results": [result | {"input_tokens": 5000}]})
    (tmp_path / "in/page.json").write_text(json.dumps(page))
    with pytest.raises(InputError, match=r"page\.json: found 1 sums of a day that .*csv has too"):
        recognise(tmp_path / "in", tmp_path / "usage")


def test_an_edited_usage_file_is_kept_and_must_name_every_file(tmp_path):
    example = BY_NAME["request_log"]
    example.write(tmp_path / "in")
    recognise(tmp_path / "in", tmp_path / "usage")
    path = tmp_path / "usage/in.yaml"
    assert recognised.is_own(path)
    path.write_text(path.read_text().replace("WOR", "FRA"))
    _, lines = recognise(tmp_path / "in", tmp_path / "usage")
    assert lines[-1] == f"{path} was edited and is used as it is"
    assert "FRA" in path.read_text()
    example.write(tmp_path / "in", name="later.jsonl")
    with pytest.raises(InputError, match=r"found no entry for later\.jsonl"):
        recognise(tmp_path / "in", tmp_path / "usage")


def test_a_usage_file_of_another_origin_is_not_touched(tmp_path):
    BY_NAME["request_log"].write(tmp_path / "in")
    (tmp_path / "usage").mkdir()
    (tmp_path / "usage/in.yaml").write_text("title: mine\n")
    name, _ = recognise(tmp_path / "in", tmp_path / "usage")
    assert name == "in_files"
    assert (tmp_path / "usage/in.yaml").read_text() == "title: mine\n"


@pytest.mark.parametrize(
    ("quantities", "costs", "said"),
    [
        (("1.5", "0.5"), ("0.3", "1.0"), "Quantity counts units of UnitOfMeasure"),
        (("1500000", "500000"), ("0.3", "1.0"), "Quantity counts tokens"),
    ],
)
def test_what_a_quantity_counts_follows_from_its_price(tmp_path, quantities, costs, said):
    meters = (f"{MODEL} Inpt Glbl 1M Tokens", f"{MODEL} outpt Glbl 1M Tokens")
    base = BY_NAME["azure_cost_details"].rows[0]
    rows = [
        base | {"MeterName": meter, "Quantity": quantity, "CostInBillingCurrency": cost}
        for meter, quantity, cost in zip(meters, quantities, costs, strict=True)
    ]
    BY_NAME["azure_cost_details"].write(tmp_path / "in", rows)
    sums, _ = counted(tmp_path / "in", tmp_path / "usage")
    assert (int(sums["input_tokens"][0]), int(sums["output_tokens"][0])) == (1_500_000, 500_000)
    assert said in (tmp_path / "usage/in.yaml").read_text()


def test_regions_of_one_cloud_get_its_zone_and_others_the_average_of_the_world(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [f"2026-03-01T00:0{n}:00Z,{MODEL},{region},10,{n}" for n, region in enumerate(("EastUS", "twice", "here"))]
    header = "timestamp,model,region,prompt_tokens,completion_tokens"
    (tmp_path / "in/log.csv").write_text("\n".join([header, *rows, ""]))
    recognise(tmp_path / "in", tmp_path / "usage")
    usage = yaml.safe_load((tmp_path / "usage/in.yaml").read_text())
    assert usage["regions"] == {"EastUS": {"grid_zone": "azure:eastus"}, "default": {"grid_zone": "WOR"}}
    assert "Regions are taken for those of the clouds that have them: azure:eastus." in usage["assumptions"]


def test_a_quantity_without_a_cost_is_an_error_with_both_readings(tmp_path):
    rows = [
        {key: value for key, value in row.items() if key != "CostInBillingCurrency"}
        for row in BY_NAME["azure_cost_details"].rows
    ]
    BY_NAME["azure_cost_details"].write(tmp_path / "in", rows)
    with pytest.raises(InputError, match=r"found 0\.125 in '1M', which may be 125,000 tokens or 0, and no cost"):
        recognise(tmp_path / "in", tmp_path / "usage")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", "", "found nothing in it"),
        ("one.txt", "hello\n", "found no columns"),
        ("wide.csv", "a,b\n1,2\n", "no known format has a, b"),
        (
            "nomodel.csv",
            "time,prompt_tokens,completion_tokens\n2026-01-01T00:00:00Z,1,2\n",
            "no column is known to be its model",
        ),
        ("cut.json", '{"data": [{"a": 1}', "not JSON"),
        ("emissions.csv", "emissions,energy_consumed,gpu_energy,codecarbon_version\n1,2,3,4\n", "no tokens"),
        ("bench.json", json.dumps({"request_throughput": 3, "total_output_tokens": 5}), "throughput of a benchmark"),
        (
            "unclear.jsonl",
            json.dumps(
                {
                    "time": "2026-01-01T00:00:00Z",
                    "model": "m",
                    "prompt_tokens": 1,
                    "completion_tokens": 1,
                    "cache_read_input_tokens": 5,
                }
            ),
            "cache_read_input_tokens may be part of the prompts or not",
        ),
    ],
)
def test_files_that_are_not_read_are_named_with_the_reason(tmp_path, name, content, reason):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text(content)
    found = recognised.looked_at(tmp_path / "in", FORMATS)
    assert [each.format for each in found] == [None]
    assert found[0].told().startswith(f"{name}: not read: ")
    assert reason in found[0].told()
    with pytest.raises(InputError, match="none of 1 files is read"):
        recognise(tmp_path / "in", tmp_path / "usage")


def test_blank_lines_and_other_signs_of_new_lines_are_no_fault(tmp_path):
    rows = [dict(row, note="a\u2028b\x85c") for row in BY_NAME["request_log"].rows]
    lines = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.jsonl").write_text(f"\n{lines}\n\n", encoding="utf-8", newline="")
    check_counts(BY_NAME["request_log"], *counted(tmp_path / "in", tmp_path / "usage"))


def test_utf_16_links_and_hidden_files_are_not_read(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "wide.csv").write_text("time,model\n", encoding="utf-16")
    (folder / ".hidden.csv").write_text("time,model\n")
    (folder / "link.csv").symlink_to(folder / "wide.csv")
    (folder / "old.csv").write_bytes("team,model\nKöln,1\n".encode("latin-1"))
    told = {each.name: each.reason for each in recognised.looked_at(folder, FORMATS)}
    assert "begins with a dot" in told[".hidden.csv"]
    assert "a link to" in told["link.csv"]
    assert "UTF-16" in told["wide.csv"]
    assert "not UTF-8 (byte 12)" in told["old.csv"]


def test_a_folder_that_is_not_there_or_empty_is_an_error(tmp_path):
    with pytest.raises(InputError, match="found no such folder"):
        recognised.looked_at(tmp_path / "none", FORMATS)
    with pytest.raises(InputError, match="found no file in it"):
        recognised.looked_at(tmp_path, FORMATS)


def test_a_file_that_is_almost_of_a_format_is_told_what_it_lacks(tmp_path):
    (tmp_path / "in").mkdir()
    usage = {"input_tokens": 10, "output_tokens": 5}
    line = {"timestamp": "2026-05-01T10:00:00Z", "type": "assistant", "message": {"model": MODEL, "usage": usage}}
    (tmp_path / "in/session.jsonl").write_text(json.dumps(line) + "\n")
    told = (
        r"session\.jsonl: not read: almost a session of Claude Code \(JSON lines\), but without sessionId; describe it"
    )
    with pytest.raises(InputError, match=told):
        recognise(tmp_path / "in", tmp_path / "out")


def test_a_damaged_file_is_told_with_its_line(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [f"2026-05-01T10:00:00Z,{MODEL},10,5"] * 3
    (tmp_path / "in/log.csv").write_text("\n".join(["time,model,prompt_tokens,completion_tokens", *rows, rows[0][:30]]))
    with pytest.raises(InputError, match=r"log\.csv line 5: found 2 cells: the file may be cut off; allowed: 4"):
        recognise(tmp_path / "in", tmp_path / "out")


def test_bills_and_logs_of_one_model_and_month_are_taken_for_others_in_writing(tmp_path):
    """A log and a bill, of which one may hold the other in part."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.csv").write_text(
        f"time,model,prompt_tokens,completion_tokens\n2026-05-02T10:00:00Z,{MODEL},1900,100\n"
    )
    BY_NAME["openai_completions_csv"].write(tmp_path / "in")
    name, _ = recognise(tmp_path / "in", tmp_path / "out")
    written = yaml.safe_load((tmp_path / f"out/{name}.yaml").read_text())
    assert [of.get("overlaps") for of in written["bills"].values()] == ["tell"]
    assert any("(`overlaps`)" in line for line in written["assumptions"])
    (tmp_path / "in/log.csv").unlink()
    recognise(tmp_path / "in", tmp_path / "out")
    assert "overlaps" not in (tmp_path / f"out/{name}.yaml").read_text()
