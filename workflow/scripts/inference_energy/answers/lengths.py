"""Energy of a query as a function of the length of its answer, of several models on one GPU, next to measured runs."""

from collections.abc import Sequence

import polars as pl

from inference_energy.answers.energies import per_token
from inference_energy.answers.evidence import evidence
from inference_energy.answers.packaged import Packaged
from inference_energy.answers.question import Question
from inference_energy.answers.served import served
from inference_energy.common.conversions import J_PER_WH
from inference_energy.corpus.names import network
from inference_energy.statistics import quantiles

BOUNDARY = "datacenter"
LONGEST_PROMPT = 2.5  # of a measured run, over the prompt of the query


def energy_by_answer_length(
    packaged: Packaged, *, models: Sequence[str], gpu: str, input_tokens: float, output_tokens: Sequence[float]
) -> pl.DataFrame:
    """Energy of one query, as `estimate` gives it, for every model and length of the answer.

    The interval is the uncertainty of a query of these lengths: neither prompt nor answer varies within it.

    Args:
        packaged: what estimates are made from.
        models: names of the models.
        gpu: what serves them.
        input_tokens: length of the prompt.
        output_tokens: lengths of the answer.

    Returns:
        Table `ENERGY_BY_ANSWER_LENGTH`.

    Raises:
        InputError: a name that is not known, or a model that the GPU does not serve.
    """
    rows = []
    for model in models:
        longest = max(output_tokens)
        asked = Question(model=model, gpu=gpu, input_tokens=input_tokens, output_tokens=longest, boundary=BOUNDARY)
        of = served(asked, packaged)
        drawn = per_token(of)
        facts = {"model": of.subject.label, "gpu": of.gpu, "precision": of.precision, "boundary": of.boundary}
        facts |= {"evidence": evidence(of, drawn).kind, "input_tokens": float(input_tokens)}
        for tokens in output_tokens:
            wh = quantiles.of_weighted(drawn.wh(input_tokens, tokens), drawn.weight, quantiles.PERCENTILES)
            rows.append(facts | {"output_tokens": float(tokens)} | {f"energy_wh_{name}": wh[name] for name in wh})
    return pl.DataFrame(rows)


def measured_queries(
    energy: pl.DataFrame, models: pl.DataFrame, *, of: Sequence[str], gpu: str, input_tokens: float
) -> pl.DataFrame:
    """Mean energy of a query in the measured runs of some models on a GPU, at its boards.

    Args:
        energy: measured energies of the corpus.
        models: registry of models.
        of: names of the models; a run of another model on the same network counts as one of it.
        gpu: its name in the registry.
        input_tokens: runs with prompts more than `LONGEST_PROMPT` times as long are left out; those with prompts of a
            data set, whose length is not stated, are kept.

    Returns:
        Table `MEASURED_QUERIES`, by model, source and row.
    """
    networks = dict(models.select("model", network()).iter_rows())
    named = {networks[name]: name for name in of}
    prompt = pl.col("input_tokens")
    return (
        energy.filter(
            pl.col("gpu") == gpu,
            pl.col("boundary") == "gpu_boards",
            pl.col("output_tokens").is_not_null(),
            prompt.is_null() | (prompt <= LONGEST_PROMPT * input_tokens),
        )
        .with_columns(model=pl.col("model").replace_strict(networks).replace_strict(named, default=None))
        .drop_nulls("model")
        .select(
            *("source", "row_id", "model", "gpu", "boundary", "input_tokens", "output_tokens"),
            energy_wh=pl.col("energy_j_per_output_token") * pl.col("output_tokens") / J_PER_WH,
        )
        .sort("model", "source", "row_id")
    )
