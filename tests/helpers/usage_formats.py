"""Small files in the structure of those that services and tools write, with what a statement must count in them."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

MODEL = "gpt-oss-120b"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One file and what it holds."""

    name: str  # of the file
    format: str  # what it is recognised as
    kind: str  # logs or bills
    rows: list[dict]  # a table, or objects of JSON
    shape: str  # csv, lines, document or packed (lines in a .json.gz)
    requests: int | None  # null where a bill does not state them
    prompt: int  # tokens, cached ones included
    cached: int
    answer: int
    models: tuple[str, ...] = (MODEL,)
    apart: tuple[tuple[str, int], ...] = ()  # rows of other kinds

    def write(self, folder: Path, rows: list[dict] | None = None, name: str | None = None) -> Path:
        """The file in a folder, with other rows or another name if given."""
        rows = self.rows if rows is None else rows
        path = folder / (name or self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.shape == "csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            path.write_text(text.getvalue(), encoding="utf-8")
        elif self.shape == "document":
            path.write_text(json.dumps(rows[0], indent=1), encoding="utf-8")
        else:
            lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
            path.write_bytes(gzip.compress(lines, mtime=0) if self.shape == "packed" else lines)
        return path


def _session(kind: str, second: int, **message) -> dict:
    return {
        "type": kind,
        "timestamp": f"2026-05-04T08:00:{second:02d}.250Z",
        "sessionId": "s1",
        "requestId": f"r-{message.get('id')}",
        "message": {"role": kind} | message,
    }


def _usage(answer: int) -> dict:
    return {
        "input_tokens": 11,
        "cache_creation_input_tokens": 900,
        "cache_read_input_tokens": 4000,
        "output_tokens": answer,
    }


def _span(name: str, number: int, attributes: dict) -> dict:
    kind = {str: "stringValue", int: "intValue"}
    return {
        "traceId": "0" * 31 + "a",
        "spanId": f"{number:016x}",
        "name": name,
        "startTimeUnixNano": str(1_777_881_600_000_000_000 + number),
        "attributes": [
            {"key": key, "value": {kind[type(value)]: str(value) if isinstance(value, int) else value}}
            for key, value in attributes.items()
        ],
    }


def _focus(meter: str, quantity: str, unit: str = "1K tokens", service: str = "Amazon Bedrock") -> dict:
    return {
        "BilledCost": "0.5",
        "ChargeCategory": "Usage",
        "ChargePeriodStart": "2026-05-04T00:00:00Z",
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "RegionId": "eu-north-1",
        "ServiceName": service,
        "SkuMeter": meter,
        "SubAccountId": "111122223333",
    }


def _azure(meter: str, quantity: str, cost: str, category: str = "Foundry Models") -> dict:
    return {
        "Date": "2026-05-04",
        "ChargeType": "Usage",
        "MeterCategory": category,
        "MeterName": meter,
        "ResourceLocation": "norwayeast",
        "Quantity": quantity,
        "UnitOfMeasure": "1M",
        "CostInBillingCurrency": cost,
        "SubscriptionId": "sub-1",
    }


def _litellm(number: int, call: str, prompt: int, answer: int, **changes) -> dict:
    row = {
        "request_id": f"c{number}",
        "call_type": call,
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "startTime": f"2026-05-04 08:00:{number:02d}.5",
        "model": f"hosted_vllm/openai/{MODEL}",
        "team_id": "core",
        "metadata": "{}",
        "cache_hit": "False",
        "status": "success",
    }
    return row | changes


def _cloudflare(name: str, **changes) -> dict:
    """An entry of the log of Cloudflare's gateway."""
    return {
        "id": name,
        "created_at": f"2026-05-04T08:00:0{'abcd'.index(name)}Z",
        "provider": "workers-ai",
        "model": MODEL,
        "model_type": "chat",
        "tokens_in": 701,
        "tokens_out": 41,
        "cached": False,
        "success": True,
        "cost": 0.01,
    } | changes


EXAMPLES = [
    Example(
        name="completions_usage_2026-05.csv",
        format="openai_completions_csv",
        kind="bills",
        shape="csv",
        rows=[
            {
                "start_time": 1777852800,
                "start_time_iso": "2026-05-04T00:00:00+00:00",
                "project_id": "p",
                "num_model_requests": f"{requests}.0",
                "model": MODEL,
                "batch": batch,
                "input_tokens": prompt,
                "output_tokens": answer,
                "input_cached_tokens": cached,
            }
            for requests, batch, prompt, cached, answer in ((30, False, 9000, 4000, 1200), (10, True, 500, 0, 70))
        ],
        requests=40,
        prompt=9500,
        cached=4000,
        answer=1270,
        apart=(("batch", 10),),
    ),
    Example(
        name="usage.json",
        format="openai_usage_page",
        kind="bills",
        shape="document",
        rows=[
            {
                "object": "page",
                "data": [
                    {
                        "start_time": 1777852800,
                        "results": [
                            {
                                "object": "organization.usage.completions.result",
                                "input_tokens": 8000,
                                "output_tokens": 600,
                                "input_cached_tokens": 3000,
                                "num_model_requests": 20,
                                "model": MODEL,
                            },
                            {
                                "object": "organization.usage.embeddings.result",
                                "input_tokens": 70_000,
                                "num_model_requests": 7,
                                "model": "text-embedding-3-large",
                            },
                        ],
                    },
                    {"start_time": 1777939200, "results": []},
                ],
            }
        ],
        requests=20,
        prompt=8000,
        cached=3000,
        answer=600,
        apart=(("embedding", 7),),
    ),
    Example(
        name="claude_usage.csv",
        format="anthropic_console_csv",
        kind="bills",
        shape="csv",
        rows=[
            {
                "usage_date_utc": "2026-05-04",
                "model_version": MODEL,
                "workspace": "Default",
                "usage_type": "standard",
                "usage_input_tokens_no_cache": 100,
                "usage_input_tokens_cache_write_5m": 2000,
                "usage_input_tokens_cache_write_1h": 30,
                "usage_input_tokens_cache_read": 9000,
                "usage_output_tokens": 800,
            }
        ],
        requests=None,
        prompt=11_130,
        cached=9000,
        answer=800,
    ),
    Example(
        name="report.json",
        format="anthropic_usage_report",
        kind="bills",
        shape="document",
        rows=[
            {
                "data": [
                    {
                        "starting_at": "2026-05-05T00:00:00Z",
                        "results": [
                            {
                                "uncached_input_tokens": 101,
                                "cache_creation": {"ephemeral_1h_input_tokens": 30, "ephemeral_5m_input_tokens": 2000},
                                "cache_read_input_tokens": 9000,
                                "output_tokens": 800,
                                "model": MODEL,
                            }
                        ],
                    }
                ],
                "has_more": False,
            }
        ],
        requests=None,
        prompt=11_131,
        cached=9000,
        answer=800,
    ),
    Example(
        name="AWSLogs/1/20260504_x.json.gz",
        format="bedrock_invocation_log",
        kind="logs",
        shape="packed",
        rows=[
            {
                "schemaType": "ModelInvocationLog",
                "timestamp": f"2026-05-04T08:00:0{number}Z",
                "accountId": "111122223333",
                "region": "eu-north-1",
                "requestId": f"id-{number}",
                "operation": "Converse",
                "modelId": model,
                "input": {"inputTokenCount": 40, "cacheReadInputTokenCount": 300, "cacheWriteInputTokenCount": 60},
                "output": {"outputTokenCount": answer},
            }
            for number, model, answer in ((1, MODEL, 25), (2, MODEL, 25), (3, "amazon.titan-embed-text-v2:0", 0))
        ],
        requests=2,
        prompt=800,
        cached=600,
        answer=50,
        apart=(("embedding", 1),),
    ),
    Example(
        name="focus.csv",
        format="aws_focus",
        kind="bills",
        shape="csv",
        rows=[
            _focus(f"EUN1-{MODEL}-input-tokens", "12.5"),
            _focus(f"EUN1-{MODEL}-output-tokens", "3.25"),
            _focus(f"EUN1-{MODEL}-cache-read-input-token-count", "40.0"),
            _focus(f"EUN1-{MODEL}-cache-write-input-token-count", "2.0"),
            _focus("EUN1-BoxUsage", "24", "Hrs", "Amazon EC2"),
        ],
        requests=None,
        prompt=54_500,
        cached=40_000,
        answer=3250,
        apart=(("no request", 1),),
    ),
    Example(
        name="azure.csv",
        format="azure_cost_details",
        kind="bills",
        shape="csv",
        rows=[
            _azure(f"{MODEL} Inpt Glbl 1M Tokens", "1.5", "0.3"),
            _azure(f"{MODEL} cchd Inpt Glbl 1M Tokens", "4.25", "0.1"),
            _azure(f"{MODEL} outpt Glbl 1M Tokens", "0.125", "0.2"),
            _azure("text embedding 3 small Inpt Glbl 1M Tokens", "9.0", "0.18"),
            _azure("D2s v5", "24", "2.3", "Virtual Machines"),
        ],
        requests=None,
        prompt=5_750_000,
        cached=4_250_000,
        answer=125_000,
    ),
    Example(
        name="spend_logs.csv",
        format="litellm_spend_logs",
        kind="logs",
        shape="csv",
        rows=[
            _litellm(
                1,
                "acompletion",
                1000,
                200,
                metadata=json.dumps({"usage_object": {"prompt_tokens_details": {"cached_tokens": 600}}}),
            ),
            _litellm(2, "acompletion", 50, 10),
            _litellm(3, "aembedding", 9000, 0, model="openai/text-embedding-3-large"),
            _litellm(4, "acompletion", 0, 0, status="failure"),
            _litellm(5, "acompletion", 1000, 200, cache_hit="True"),
        ],
        requests=2,
        prompt=1050,
        cached=600,
        answer=210,
        models=(f"hosted_vllm/openai/{MODEL}",),
        apart=(("cache_hit", 1), ("embedding", 1), ("failure", 1)),
    ),
    Example(
        name="activity.csv",
        format="openrouter_activity",
        kind="logs",
        shape="csv",
        rows=[
            {
                "generation_id": f"g{number}",
                "created_at": f"2026-05-04T08:00:0{number}Z",
                "model_permaslug": f"openai/{MODEL}",
                "app_name": "Chat",
                "tokens_prompt": 700,
                "tokens_completion": 90,
                "tokens_reasoning": 40,
                "tokens_cached": cached,
            }
            for number, cached in ((1, 0), (2, 500))
        ],
        requests=2,
        prompt=1400,
        cached=500,
        answer=180,
        models=(f"openai/{MODEL}",),
    ),
    Example(
        name="observations.jsonl",
        format="langfuse_observations",
        kind="logs",
        shape="lines",
        rows=[
            {
                "id": f"o{number}",
                "trace_id": "t",
                "type": kind,
                "start_time": f"2026-05-04 08:00:0{number}.000000",
                "provided_model_name": model,
                "usage_details": usage,
                "environment": "production",
            }
            for number, kind, model, usage in (
                (
                    1,
                    "GENERATION",
                    MODEL,
                    {
                        "input": 100,
                        "input_cached_tokens": 400,
                        "output": 30,
                        "output_reasoning_tokens": 20,
                        "total": 550,
                    },
                ),
                (2, "SPAN", None, {}),
                (3, "EMBEDDING", "bge-m3", {"input": 5000, "total": 5000}),
            )
        ],
        requests=1,
        prompt=500,
        cached=400,
        answer=50,
        apart=(("embedding", 1), ("no request", 1)),
    ),
    Example(
        name="traces.jsonl",
        format="otlp_traces",
        kind="logs",
        shape="lines",
        rows=[
            {
                "resourceSpans": [
                    {
                        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
                        "scopeSpans": [
                            {
                                "spans": [
                                    _span(
                                        "invoke_agent",
                                        1,
                                        {
                                            "gen_ai.operation.name": "invoke_agent",
                                            "gen_ai.usage.input_tokens": 900,
                                            "gen_ai.usage.output_tokens": 60,
                                        },
                                    ),
                                    _span(
                                        "chat",
                                        2,
                                        {
                                            "gen_ai.operation.name": "chat",
                                            "gen_ai.request.model": MODEL,
                                            "gen_ai.usage.input_tokens": 900,
                                            "gen_ai.usage.cache_read.input_tokens": 256,
                                            "gen_ai.usage.output_tokens": 60,
                                        },
                                    ),
                                    _span("SELECT", 3, {"db.system": "postgresql"}),
                                ]
                            }
                        ],
                    }
                ]
            }
        ],
        requests=1,
        prompt=900,
        cached=256,
        answer=60,
        apart=(("no request", 2),),
    ),
    Example(
        name="projects/session.jsonl",
        format="claude_code_session",
        kind="logs",
        shape="lines",
        rows=[
            _session("user", 1, content="(removed)"),
            _session("assistant", 2, id="m1", model=MODEL, usage=_usage(5)),
            _session("assistant", 3, id="m1", model=MODEL, usage=_usage(70)),
            _session("assistant", 4, id="m2", model=MODEL, usage=_usage(20)),
            _session("assistant", 5, id="m3", model="<synthetic>", usage=_usage(0)),
        ],
        requests=2,
        prompt=2 * 4911,
        cached=8000,
        answer=90,
        apart=(("no request", 2), ("repeated", 1)),
    ),
    Example(
        name="rollout.jsonl",
        format="codex_session",
        kind="logs",
        shape="lines",
        rows=[
            {"timestamp": "2026-05-04T08:00:00.000Z", "type": "turn_context", "payload": {"model": MODEL}},
            *(
                {
                    "timestamp": f"2026-05-04T08:00:0{number}.000Z",
                    "type": "event_msg",
                    "payload": {
                        "type": "token_count",
                        "info": {
                            "last_token_usage": {"input_tokens": 600, "cached_input_tokens": 200, "output_tokens": 40},
                            "total_token_usage": {"total_tokens": total},
                        },
                    },
                }
                for number, total in ((1, 640), (2, 640), (3, 1280))
            ),
        ],
        requests=2,
        prompt=1200,
        cached=400,
        answer=80,
        apart=(("no request", 1), ("repeated", 1)),
    ),
    Example(
        name="amount-2026-5.csv",
        format="deepseek_amount",
        kind="bills",
        shape="csv",
        rows=[
            {
                "user_id": "u",
                "start_time_iso": "2026-05-04T00:00:00+00:00",
                "model": MODEL,
                "api_key_name": "k",
                "type": kind,
                "price": "",
                "amount": amount,
            }
            for kind, amount in (
                ("request_count", 12),
                ("input_cache_hit_tokens", 31_000),
                ("input_cache_miss_tokens", 8000),
                ("output_tokens", 4100),
            )
        ],
        requests=12,
        prompt=39_000,
        cached=31_000,
        answer=4100,
    ),
    Example(
        name="monthly.json",
        format="ccusage_monthly",
        kind="bills",
        shape="document",
        rows=[
            {
                "monthly": [
                    {
                        "month": "2026-05",
                        "inputTokens": 999,
                        "modelBreakdowns": [
                            {
                                "modelName": MODEL,
                                "inputTokens": 20,
                                "outputTokens": 3000,
                                "cacheCreationTokens": 5000,
                                "cacheReadTokens": 60_000,
                            }
                        ],
                    }
                ],
                "totals": {"inputTokens": 999},
            }
        ],
        requests=None,
        prompt=65_020,
        cached=60_000,
        answer=3000,
    ),
    Example(
        name="requests.jsonl",
        format="request_log",
        kind="logs",
        shape="lines",
        rows=[
            {"ts": "2026-05-04T08:00:00Z", "model": MODEL, "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
            {"ts": "2026-05-04T08:00:09Z", "model": MODEL, "usage": {"prompt_tokens": 8, "completion_tokens": 4}},
        ],
        requests=2,
        prompt=15,
        cached=0,
        answer=7,
    ),
    Example(
        name="gateway.jsonl",
        format="cloudflare_ai_gateway",
        kind="logs",
        shape="lines",
        rows=[
            _cloudflare("a"),
            _cloudflare("b", cached=True),
            _cloudflare("c", success=False, tokens_in=0, tokens_out=0),
        ],
        requests=1,
        prompt=701,
        cached=0,
        answer=41,
        apart=(("cache_hit", 1), ("failure", 1)),
    ),
    Example(
        name="gateway_page.json",
        format="cloudflare_ai_gateway_page",
        kind="logs",
        shape="document",
        rows=[{"result": [_cloudflare("d", tokens_in=702, tokens_out=42)], "success": True}],
        requests=1,
        prompt=702,
        cached=0,
        answer=42,
    ),
    Example(
        name="portkey.csv",
        format="portkey_logs",
        kind="logs",
        shape="csv",
        rows=[
            {
                "id": f"p{number}",
                "created_at": f"2026-05-04T08:10:0{number}Z",
                "is_success": number == 1,
                "ai_org": "groq",
                "ai_model": MODEL,
                "req_units": 801,
                "res_units": 61,
            }
            for number in (1, 2)
        ],
        requests=1,
        prompt=801,
        cached=0,
        answer=61,
        apart=(("failure", 1),),
    ),
    Example(
        name="helicone.jsonl",
        format="helicone_requests",
        kind="logs",
        shape="lines",
        rows=[
            {
                "request_id": f"h{number}",
                "request_created_at": f"2026-05-04T08:20:0{number}Z",
                "request_path": path,
                "response_model": MODEL,
                "response_status": status,
                "prompt_tokens": 501,
                "prompt_cache_write_tokens": 100,
                "prompt_cache_read_tokens": 200,
                "completion_tokens": 31,
                "cache_reference_id": "00000000-0000-0000-0000-000000000000",
            }
            for number, path, status in ((1, "/v1/chat", 200), (2, "/v1/chat", 500), (3, "/v1/embeddings", 200))
        ],
        requests=1,
        prompt=801,
        cached=200,
        answer=31,
        apart=(("failure", 1), ("embedding", 1)),
    ),
    Example(
        name="vertex.jsonl",
        format="vertex_ai_logs",
        kind="logs",
        shape="lines",
        rows=[
            {
                "logging_time": "2026-05-04 08:30:00.123456 UTC",
                "model": MODEL,
                "request_id": "17",
                "full_response": {
                    "usageMetadata": {
                        "promptTokenCount": 1001,
                        "cachedContentTokenCount": 401,
                        "candidatesTokenCount": 30,
                        "thoughtsTokenCount": 71,
                    }
                },
            },
            {
                "logging_time": "2026-05-04 08:30:01.123456 UTC",
                "model": MODEL,
                "request_id": "18",
                "full_response": {"error": {"code": 429}},
            },
        ],
        requests=1,
        prompt=1001,
        cached=401,
        answer=101,
        apart=(("failure", 1),),
    ),
]
