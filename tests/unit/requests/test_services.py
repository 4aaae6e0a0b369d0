"""What services do: read with their origin, incomplete or impossible files refused, sums by hand."""

import hashlib
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.requests import service_tables, services

ROOT = Path(__file__).parents[3]
HOURS = [(hour, 6, 2.0 if hour < 12 else 4.0, 10) for hour in range(24)]
RATES = "workload,hour,windows,requests_per_s,active_clients\n" + "".join(
    f"chat,{hour},{windows},{rate},{clients}\n" for hour, windows, rate, clients in HOURS
)
LENGTHS = (
    "workload,quantity,unit,clients_with_lengths,clients,requests_covered_share,mean,"
    "p01,p05,p10,p25,p50,p75,p90,p95,p99\n"
    "chat,input_tokens,tokens,3,4,0.5,100,1,2,3,4,5,6,7,8,9\n"
    "chat,reasoning_share,share,3,4,0.5,0.4,0,0.1,0.1,0.2,0.3,0.4,0.5,0.6,1\n"
)
TOKENS = (
    "read_on_day,rank,model,model_name,total_tokens,prompt_tokens,cached_prompt_tokens,completion_tokens,"
    "reasoning_tokens,requests\n"
    "2026-01-04,1,maker/one,One,1100,1000,400,100,50,10\n"
    "2026-01-11,1,maker/one,One,2200,2000,800,200,0,30\n"
    "2026-01-11,2,maker/two,Two,500,,,,,\n"
    "2026-02-01,1,maker/one,One,300,,,,,\n"
)
SPEED = "provider,model,output_tok_per_s_per_request,time_to_first_token_s\nmaker,one,50,0.5\n"
TEXTS = {"rates": RATES, "lengths": LENGTHS, "tokens": TOKENS, "speed": SPEED}
ORIGIN = """\
publisher: p
title: t
url: https://example.org
version: "1"
read_on: "2026-01-01"
licence: l
citation: c
files:
"""


@pytest.fixture(scope="module")
def schema():
    return yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")


@pytest.fixture
def read(tmp_path, schema):
    def write_and_read(**texts):
        folder = tmp_path / "services/own"
        folder.mkdir(parents=True)
        origin = ORIGIN
        for name, text in (TEXTS | texts).items():
            (folder / f"{name}.csv").write_text(text)
            checksum = hashlib.sha256(text.encode()).hexdigest()
            origin += f"  {name}.csv: {{sha256: '{checksum}', format: service_{name}_csv}}\n"
        (folder / "origin.yaml").write_text(origin)
        return services.read_services(tmp_path / "services", schema)

    return write_and_read


def test_rows_keep_their_place_and_numbers_their_type(read):
    tables = read()
    assert set(tables) == set(services.FORMATS)
    tokens = tables["service_tokens_csv"]
    assert tokens.select("source", "line").rows() == [("own", line) for line in range(2, 6)]
    assert tokens["prompt_tokens"].to_list() == [1000, 2000, None, None]
    assert tables["service_lengths_csv"]["p99"].to_list() == [9.0, 1.0]
    assert tables["service_speed_csv"].select("model", "output_tok_per_s_per_request").rows() == [("one", 50.0)]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("rates", "chat,3,6,2.0", "chat,3,0,2.0", "line 5 column requests_per_s: found '2.0'; allowed: a number if"),
        ("rates", "chat,3,6,2.0", "chat,3,6,", "line 5 column requests_per_s: found an empty cell"),
        ("rates", "chat,3,6", "chat,3,7", "line 5 column windows: found '7'; allowed: <= 6"),
        ("rates", "chat,3,6,2.0", "chat,3,6,-1", "line 5 column requests_per_s: found '-1'; allowed: >= 0"),
        ("rates", "chat,3,", "chat,2,", "allowed: one row per workload and hour"),
        ("rates", "chat,3,6,2.0,10\n", "", "workload chat: found no hour 3; allowed: every hour of whole days, from 0"),
        ("rates", "chat,23,", "chat,24,", "workload chat: found no hour 23"),
        ("lengths", "4,5,6", "4,3,6", "line 2 column p99: found '9'; allowed: quantiles that rise from P1 to P99"),
        (
            "lengths",
            "reasoning_share,share",
            "reasoning_share,tokens",
            "line 3 column unit: found 'tokens'; allowed: tokens",
        ),
        ("lengths", "0.6,1\n", "0.6,1.5\n", "line 3 column p99: found '1.5'; allowed: at most 1"),
        ("lengths", "tokens,3,4", "tokens,5,4", "column clients_with_lengths: found '5'; allowed: at most the clients"),
        ("tokens", "1000,400,", "1000,1001,", "line 2 column cached_prompt_tokens: found '1001'; allowed: at most"),
        ("tokens", "100,50,10", "100,101,10", "line 2 column reasoning_tokens: found '101'; allowed: at most"),
        ("tokens", "1000,400,", "1000,-400,", "line 2 column cached_prompt_tokens: found '-400'; allowed: >= 0"),
        ("tokens", "1100,1000", "1000,1000", "line 2 column total_tokens: found '1000'; allowed: at least prompt and"),
        ("tokens", "50,10\n", ",10\n", "line 2 column prompt_tokens: found '1000'; allowed: all kinds of tokens"),
        ("tokens", "2026-01-11,2,maker/two", "2026-01-11,2,maker/one", "one row per read_on_day and model"),
        ("tokens", "2026-02-01", "2026-02", "line 5 column read_on_day: found '2026-02'"),
        ("speed", ",50,", ",0,", "line 2 column output_tok_per_s_per_request: found '0'; allowed: > 0"),
        ("speed", "provider", "maker", "line 1: missing column provider"),
    ],
)
def test_fault_stops_in_one_line(read, file, old, new, message):
    assert old in TEXTS[file]
    with pytest.raises(InputError) as caught:
        read(**{file: TEXTS[file].replace(old, new, 1)})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_relative_rates_have_a_mean_of_one_and_gaps_have_none(read):
    rates = services.with_relative_rate(
        read(rates=RATES.replace("chat,23,6,4.0,10", "chat,23,0,,"))["service_rates_csv"]
    )
    # Twelve hours at 2 and eleven at 4 requests per second: 68 / 23.
    assert rates.filter(hour=0)["relative_rate"].item() == pytest.approx(2 * 23 / 68)
    assert rates.filter(hour=23)["relative_rate"].item() is None
    assert rates["relative_rate"].mean() == pytest.approx(1)


def test_rates_of_two_workloads_have_means_of_their_own(read):
    other = RATES.replace("chat", "code").replace("2.0", "1.0").replace("4.0", "1.0").split("\n", 1)[1]
    rates = services.with_relative_rate(read(rates=RATES + other)["service_rates_csv"])
    assert rates.filter(workload="code")["relative_rate"].unique().to_list() == [1.0]
    assert rates.filter(workload="chat", hour=0)["relative_rate"].item() == pytest.approx(2 / 3)


def test_tokens_by_month(read):
    months = services.tokens_by_month(read()["service_tokens_csv"])
    service_tables.SERVICE_TOKENS_BY_MONTH.validate(months.select(list(service_tables.SERVICE_TOKENS_BY_MONTH.columns)))
    january = months.filter(month="2026-01", model="maker/one").row(0, named=True)
    assert january["weeks"] == january["weeks_by_kind"] == 2
    assert (january["total_tokens"], january["prompt_tokens"], january["requests"]) == (3300, 3000, 40)
    assert january["cached_prompt_share"] == pytest.approx(1200 / 3000)
    assert january["reasoning_share"] == pytest.approx(50 / 300)
    assert january["prompt_tokens_per_request"] == pytest.approx(75)
    assert january["completion_tokens_per_request"] == pytest.approx(7.5)


def test_a_month_without_kinds_has_none_rather_than_zero(read):
    months = services.tokens_by_month(read()["service_tokens_csv"])
    assert months.select("month", "model").rows() == [
        ("2026-01", "maker/one"),
        ("2026-01", "maker/two"),
        ("2026-02", "maker/one"),
    ]
    february = months.row(2, named=True)
    assert (february["weeks"], february["weeks_by_kind"], february["total_tokens"]) == (1, 0, 300)
    assert february["prompt_tokens"] is None and february["cached_prompt_share"] is None


def test_services_that_ship(schema):
    tables = services.read_services(ROOT / "resources/services", schema)
    assert {name: len(table) for name, table in tables.items()} == {
        "service_rates_csv": 1056,
        "service_lengths_csv": 9,
        "service_tokens_csv": 247,
        "service_speed_csv": 172,
    }
    rates = tables["service_rates_csv"]
    assert dict(rates.group_by("workload").agg(pl.len() // 24).iter_rows()) == {
        "language_m_large": 14,
        "language_m_mid": 14,
        "language_m_small": 14,
        "multimodal_mm_image": 1,
        "reason_deepseek_r1": 1,
    }
    tokens = tables["service_tokens_csv"]
    assert tokens["read_on_day"].n_unique() == 26
    assert tokens["prompt_tokens"].is_not_null().sum() == 226
