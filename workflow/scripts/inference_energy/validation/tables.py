"""Schemas of the validation: backtest, scores, other methods, statements of others."""

import pandera.polars as pa

from inference_energy.studies.study import BOUNDARIES
from inference_energy.tables.columns import J_PER_OUTPUT_TOKEN, SHARE, count, flag, number, text

TARGETS = ["gpu_boards", "node_wall"]
RUN = {
    "source": text("source of the run"),
    "row_id": text("the run"),
    "model": text("model"),
    "model_class": text("class of the model", nullable=True),
    "gpu": text("GPU"),
}
PREDICTED = ("p05", "p25", "p50", "p75", "p95", "mean")
TOKENS = {
    "input_tokens": number("prompt length, tokens", nullable=True),
    "output_tokens": number("answer length, tokens", nullable=True),
}


BACKTEST = pa.DataFrameSchema(
    RUN
    | {
        "precision": text("number format of the weights", nullable=True),
        "prompts": text("kind of prompts", nullable=True),
        "target": text("what was metered", allowed=TARGETS),
        "measured": number(f"measured energy, {J_PER_OUTPUT_TOKEN}"),
        **{
            f"predicted_{q}": number(f"{q.upper()} predicted from other runs, {J_PER_OUTPUT_TOKEN}", nullable=True)
            for q in PREDICTED
        },
        **{
            f"predicted_{q}_same_source": number(
                f"the same with power from other networks of its source, {J_PER_OUTPUT_TOKEN}", nullable=True
            )
            for q in PREDICTED
        },
        **{
            f"predicted_{q}_unseen": number(
                f"the same with throughput from offline curves and the attainment of any service, {J_PER_OUTPUT_TOKEN}",
                nullable=True,
            )
            for q in PREDICTED
        },
        "ratio": number("predicted P50 over measured", nullable=True),
        "inside_50": flag("whether the measured value lies from P25 to P75", nullable=True),
        "inside_90": flag("whether it lies from P5 to P95", nullable=True),
        "throughput_basis": text("what the throughput rests on", nullable=True),
        "reason": text("why there is no prediction", nullable=True),
    },
    strict=True,
    unique=["source", "row_id", "target"],
)

BACKTEST_PEERS = pa.DataFrameSchema(
    RUN
    | {
        "target": text("what was metered", allowed=TARGETS),
        "method": text("other method"),
        "label": text("name in figures"),
        "measured": number(f"measured energy, {J_PER_OUTPUT_TOKEN}"),
        "predicted": number(f"what the method says, {J_PER_OUTPUT_TOKEN}", nullable=True),
        "aligned": flag("whether it was brought from the node to its boards"),
        "reason": text("why it says nothing", nullable=True),
    },
    strict=True,
    unique=["source", "row_id", "target", "method"],
)

SCORES = pa.DataFrameSchema(
    {
        "method": text("method; current is ours"),
        "label": text("name in figures"),
        "target": text("what was metered", allowed=TARGETS),
        "grouped_by": text("kind of group", allowed=["all", "gpu", "model_class", "source"]),
        "group": text("the group"),
        "runs": count("runs that it predicts"),
        "ratio_p50": number("median of predicted over measured"),
        "ratio_geometric_sd": number("typical factor about its own median", nullable=True),
        "geometric_error": number("typical factor about 1: exp of the root mean square log ratio"),
        "share_inside_50": pa.Column(float, SHARE, nullable=True, description="share of runs inside P25-P75 (ours)"),
        "share_inside_90": pa.Column(float, SHARE, nullable=True, description="share of runs inside P5-P95 (ours)"),
        "shared_runs": count("of these, runs that we predict too"),
        "geometric_error_on_shared_runs": number("its geometric error on those", nullable=True),
        "ours_on_the_same_runs": number("our geometric error on those of its runs that we predict", nullable=True),
    },
    strict=True,
    unique=["method", "target", "grouped_by", "group"],
)

CROSS_METHODS = pa.DataFrameSchema(
    {
        "model": text("model"),
        "input_tokens": number("prompt length, tokens"),
        "output_tokens": number("answer length, tokens"),
        "method": text("method"),
        "label": text("name in figures"),
        "boundary": text("what is metered", allowed=list(BOUNDARIES)),
        "energy_wh": number("energy of the query, Wh (ours: median)"),
        "energy_wh_p05": number("P5 of ours, Wh", nullable=True),
        "energy_wh_p95": number("P95 of ours, Wh", nullable=True),
    },
    strict=True,
    unique=["model", "output_tokens", "method", "boundary"],
)

CROSS_METHOD_PARTS = pa.DataFrameSchema(
    {
        "model": text("model"),
        "output_tokens": number("answer length, tokens"),
        "part": text("part of the spread of the methods' own figures; whole is their product"),
        "factor": number("factor between the largest and the smallest that it makes"),
    },
    strict=True,
    unique=["model", "output_tokens", "part"],
)

STATEMENTS = pa.DataFrameSchema(
    {
        "study": text("study that they are held against"),
        "source": text("source of the estimate"),
        "row_id": text("the estimate"),
        "subject": text("what it is about"),
        "model": text("its model, if it is in the registry", nullable=True),
        "kind": text("kind of estimate"),
        "energy_wh": number("what it states, Wh"),
        **TOKENS,
        "boundary": text("what it includes, in our words", allowed=list(BOUNDARIES), nullable=True),
        "compared_with": text("our model or class that it is held against", nullable=True),
        "reason": text("why it cannot be compared", nullable=True),
        **{
            f"ours_wh_{q}": number(f"{q.upper()} of ours over what the fleet shares, Wh", nullable=True)
            for q in ("p05", "p50", "p95")
        },
        "factor": number("theirs over our median", nullable=True),
        "factor_p05": number("theirs over our P95", nullable=True),
        "factor_p95": number("theirs over our P5", nullable=True),
    },
    strict=True,
    unique=["study", "source", "row_id"],
)

STATEMENT_KINDS = pa.DataFrameSchema(
    {
        "study": text("study that they are held against"),
        "kind": text("kind of estimate"),
        "estimates": count("estimates that can be compared"),
        "factor_p50": number("median of theirs over ours"),
        "factor_min": number("smallest"),
        "factor_max": number("largest"),
        "share_within_4_to_20": pa.Column(float, SHARE, description="share that overstates by 4 to 20"),
        "share_above_20": pa.Column(float, SHARE, description="share that overstates by more than 20"),
    },
    strict=True,
    unique=["study", "kind"],
)
