"""Schemas of throughput: fitted configurations and their errors."""

from inference_energy.corpus.tables import lengths_behind
from inference_energy.tables.columns import count, flag, number, share, table, text, texts
from inference_energy.tables.units import FACTOR, SHARE, TOK_PER_S_PER_GPU
from inference_energy.throughput.fits import FORMS

CONFIGURATION = {
    "configuration": text("name of the configuration: model, GPU, precision, version, parallelism"),
    **texts(source="source of its rows", model="model", gpu="GPU", precision="number format of the weights"),
    **texts(nullable=True, engine="serving engine", engine_version="its version"),
    "gpus": count("GPUs of an instance", at_least=1),
    "concurrency": number("requests in flight", "requests in flight", nullable=True),
    **{
        f"{kind}_parallel": count(f"{kind}-parallel degree", at_least=1, nullable=True)
        for kind in ("tensor", "pipeline", "expert", "data")
    },
}


THROUGHPUT_CONFIGURATIONS = table(
    ["configuration"],
    **CONFIGURATION,
    rows=count("rows behind the fit", at_least=3),
    prefill_s_per_token=number("a: GPU time per input token", "GPU-seconds per token"),
    decode_s_per_token=number("b: GPU time per output token", "GPU-seconds per token"),
    attention_s_per_token2=number("c: GPU time per output token and token of context", "GPU-seconds per token squared"),
    kv_growth=number("g: part of the answer in its own context", SHARE),
    fit_error_log_sd=number("typical log ratio of a row left out, pooled with that of all configurations", "log ratio"),
    **lengths_behind("the fit"),
)

THROUGHPUT_LEFT_OUT = table(
    ["form", "source", "row_id"],
    form=text("how it was predicted, without its own row", allowed=list(FORMS)),
    **CONFIGURATION,
    row_id=text("the row"),
    input_tokens=number("prompt length", "tokens"),
    output_tokens=number("answer length", "tokens"),
    output_tok_per_s_per_gpu=number("observed output throughput", TOK_PER_S_PER_GPU),
    predicted_tok_per_s_per_gpu=number("predicted output throughput", TOK_PER_S_PER_GPU),
    ratio=number("predicted / observed", FACTOR),
    fit_error_log_sd=number("error stated for the prediction, as log deviation, from other rows alone", "log ratio"),
    inside_90=flag("whether the observed value lies in the stated central 90 %"),
)

THROUGHPUT_FORMS = table(
    ["form", "configuration"],
    form=text("how rows were predicted without themselves", allowed=list(FORMS)),
    configuration=text("configuration, or all"),
    rows=count("rows predicted", at_least=1),
    configurations=count("their configurations", at_least=1),
    ratio_geometric_mean=number("typical predicted / observed", FACTOR),
    ratio_geometric_sd=number("geometric standard deviation of their ratio", FACTOR),
    ratio_min=number("smallest predicted / observed", FACTOR),
    ratio_max=number("largest", FACTOR),
    share_within_band=share("share of rows with a ratio of 0.75 to 1.33"),
    share_inside_90=share("share of rows inside the stated central 90 %"),
)
