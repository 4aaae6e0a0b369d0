"""Files as they come: other providers, gateways, layouts and notations, each read right or refused with one reason."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import files as usage_files
from recognised_folder import REGISTRY, SCHEMA, counted, recognise

M = "gpt-oss-120b"
T = "2026-05-04T08:00:00Z"
HEAD = "time,model,prompt_tokens,completion_tokens\n"
OPENAI = {
    "id": "c-1",
    "object": "chat.completion",
    "model": M,
    "usage": {"prompt_tokens": 900, "completion_tokens": 50},
}


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(*rows):
    return "\n".join(",".join(map(str, row)) for row in rows) + "\n"


CLOUDFLARE = {
    "id": "a", "created_at": T, "provider": "workers-ai", "model": f"@cf/openai/{M}", "model_type": "chat",
    "tokens_in": 700, "tokens_out": 40, "cached": False, "success": True, "status_code": 200, "cost": 0.01,
}  # fmt: skip
PORTKEY = {
    "id": "p", "created_at": T, "ai_org": "groq", "ai_model": M, "req_units": 800, "res_units": 60,
    "is_success": True, "request_url": "/v1/chat/completions", "cost": 0.2,
}  # fmt: skip
HELICONE = {
    "request_id": "h", "request_created_at": T, "response_model": M, "response_status": 200, "prompt_tokens": 500,
    "completion_tokens": 30, "prompt_cache_read_tokens": 200, "prompt_cache_write_tokens": 100,
}  # fmt: skip
VERTEX = {
    "logging_time": "2026-05-04 08:00:00.123456 UTC", "model": f"publishers/openai/models/{M}", "request_id": "17",
    "full_response": {"usageMetadata": {"promptTokenCount": 1000, "cachedContentTokenCount": 400,
                                        "candidatesTokenCount": 30, "thoughtsTokenCount": 70}},
}  # fmt: skip
FAILED = {"full_response": {"error": {"code": 429}}}

# Name of the file, its content, and prompt, cached and answer tokens of all requests.
READ = {
    "Cloudflare's gateway, its API": (
        "logs.json",
        json.dumps({
            "result": [
                CLOUDFLARE,
                CLOUDFLARE | {"id": "b", "cached": True},
                CLOUDFLARE | {"id": "c", "success": False, "tokens_in": 0, "tokens_out": 0},
            ],
            "success": True,
        }),
        (700, 0, 40),
    ),
    "Cloudflare's gateway, pushed": ("push.jsonl.gz", lines(CLOUDFLARE, CLOUDFLARE | {"id": "b"}), (1400, 0, 80)),
    "Portkey": ("export.jsonl", lines(PORTKEY, PORTKEY | {"id": "q", "is_success": False}), (800, 0, 60)),
    "Portkey as a table": ("export.csv", table(PORTKEY, PORTKEY.values()), (800, 0, 60)),
    "Helicone": ("requests.json", json.dumps([HELICONE, HELICONE | {"request_id": "i", "response_status": 500}]),
                 (800, 200, 30)),
    "Vertex AI": ("bq.jsonl", lines(VERTEX, VERTEX | FAILED | {"request_id": "18"}), (1000, 400, 100)),
    "Vertex AI as text in a table": (
        "bq.csv",
        'logging_time,model,request_id,full_response\n2026-05-04 08:00:00.1 UTC,gpt-oss-120b,17,"'
        + json.dumps(VERTEX["full_response"]).replace('"', '""') + '"\n',
        (1000, 400, 100),
    ),
    "answers of an API with a time": ("calls.jsonl", lines(OPENAI | {"timestamp": T}), (900, 0, 50)),
    "answers within records": (
        "calls.json", json.dumps([{"timestamp": T, "response": OPENAI}]), (900, 0, 50)
    ),
    "semicolons": ("log.csv", (HEAD + f"{T},{M},10,5\n").replace(",", ";"), (10, 0, 5)),
    "tabs": ("log.tsv", (HEAD + f"{T},{M},10,5\n").replace(",", "\t"), (10, 0, 5)),
    "a mark, Windows line breaks": ("log.csv", ("\ufeff" + HEAD + f"{T},{M},10,5\n").replace("\n", "\r\n"), (10, 0, 5)),
    "columns in another order, and more of them": (
        "log.csv", f"x,completion_tokens,model,time,prompt_tokens\n1,5,{M},{T},10\n", (10, 0, 5)
    ),
    "offsets of a zone": ("log.csv", HEAD + f"2026-05-04T10:00:00+02:00,{M},10,5\n", (10, 0, 5)),
    "floats of pandas": ("log.csv", HEAD + f"{T},{M},10.0,5.0\n", (10, 0, 5)),
    "quoted cells with line breaks": ("log.csv", "note," + HEAD + f'"a\nb",{T},{M},10,5\n', (10, 0, 5)),
    "a path of a snapshot": (
        "log.csv", HEAD + f"{T},/models/models--openai--gpt-oss-120b/snapshots/b5c9/,10,5\n", (10, 0, 5)
    ),
}  # fmt: skip

# Name of the file, its content, and the one thing that is missing or unclear.
REFUSED = {
    "answers without a time": ("calls.jsonl", lines(OPENAI), "no column is known to be its time; name it"),
    "answers whose time is seconds": ("calls.jsonl", lines(OPENAI | {"created": 1777881600}), "with time_unit: s"),
    "Cohere": (
        "calls.jsonl",
        lines({"timestamp": T, "model": M, "meta": {"billed_units": {"input_tokens": 9, "output_tokens": 5}}}),
        "no known format has meta, model, timestamp",
    ),
    "local times": ("log.csv", HEAD + f"2026-05-04 10:00:00,{M},10,5\n", "without an offset"),
    "lines of vLLM for people": (
        "server.log",
        "INFO 05-04 08:00:00 [loggers.py:118] Engine 000: Avg prompt throughput: 10.5 tokens/s, Running: 3 reqs\n",
        "not read: ",
    ),
    "a page of HTML": ("export.csv", "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "found no columns"),
    "a workbook": ("usage.xlsx", "PK\x03\x04rest", "a workbook or ZIP archive"),
    "an empty answer": (
        "log.csv",
        HEAD + f"{T},{M},10,\n",
        "(column completion_tokens): 1 of 1 rows are empty",
    ),
    "thousands": ("log.csv", HEAD + f'{T},{M},"1,024",5\n', "'1,024' is 1.024 or 1,024; write digits alone"),
}


def written(folder: Path, name: str, content: str) -> Path:
    folder.mkdir()
    data = content.encode()
    (folder / name).write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return folder


@pytest.mark.parametrize("case", READ)
def test_files_that_are_read(tmp_path, case):
    name, content, expected = READ[case]
    sums, _ = counted(written(tmp_path / "in", name, content), tmp_path / "out")
    totals = sums.select(pl.col("input_tokens", "cached_tokens", "output_tokens").sum()).row(0)
    assert tuple(int(total or 0) for total in totals) == expected


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_refused_with_one_reason(tmp_path, case):
    name, content, told = REFUSED[case]
    with pytest.raises(InputError) as error:
        counted(written(tmp_path / "in", name, content), tmp_path / "out")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_files_of_several_gateways_in_one_folder(tmp_path):
    """Each is read as what it is; what is left out is in the list."""
    folder = written(tmp_path / "in", "cloudflare.jsonl", lines(CLOUDFLARE))
    (folder / "helicone.json").write_text(json.dumps([HELICONE | {"request_created_at": "2026-05-05T08:00:00Z"}]))
    (folder / "vertex.jsonl").write_text(lines(VERTEX))
    (folder / "server.log").write_text("Uvicorn running on port 8000\n")
    sums, _ = counted(folder, tmp_path / "out")
    assert int(sums["input_tokens"].sum()) == 700 + 800 + 1000
    name, found = recognise(folder, tmp_path / "out")
    usage = usage_files.read_usage(name, tmp_path / "out", SCHEMA)
    assert set(usage["logs"]) == {"cloudflare_ai_gateway", "helicone_requests", "vertex_ai_logs"}
    assert [line for line in found if "not read" in line and line.startswith("server.log")]


def test_names_of_bedrock_without_a_version_are_those_of_its_models():
    assert {REGISTRY.resolve(name) for name in ("deepseek.v3-v1:0", "us.deepseek.v3-v1:0")} == {"DeepSeek-V3.1"}
