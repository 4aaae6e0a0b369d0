"""Energy per output token against the speed that one user sees: measured runs, and which of them are the best."""

from collections.abc import Sequence

import polars as pl

from inference_energy.corpus.names import network
from inference_energy.throughput.fits import PER_GPU

ENERGY = "energy_j_per_output_token"
STALLED = 2.0  # mean time per output token over the latency between tokens from which on a request mostly waits

SPEED = "tok_per_s_per_user"
LENGTHS = ["input_tokens", "output_tokens"]
TIME_PER_TOKEN = "time_per_output_token_p50_ms"  # of a request after its first token, median over requests


def runs(energy: pl.DataFrame, throughput: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Measured energies of GPU boards whose lengths and median latency are stated, with the speed of one user.

    The speed of a user is one over the median time per output token. `stalled` runs are those whose requests wait
    longer than they are served, so that their requests mostly wait.

    Returns:
        `source, row_id, network, gpu, precision, speculative, input_tokens, output_tokens, stalled,
        tok_per_s_per_user, energy_j_per_output_token`, sorted by source and row.
    """
    # ASSUME: where a source states no time per output token, its median latency between tokens is the same quantity;
    # without speculative decoding they differ only in what the median is over. A run that does not state speculative
    # decoding is without it.
    latency = pl.coalesce(TIME_PER_TOKEN, "inter_token_latency_p50_ms")
    served = pl.col("gpus") * pl.col(PER_GPU)
    stated = throughput.select("source", "row_id", "speculative_decoding", TIME_PER_TOKEN)
    return (
        energy.filter(boundary="gpu_boards")
        .join(stated, on=["source", "row_id"], how="left")
        .join(models.select("model", "same_network_as"), on="model", how="left")
        .with_columns(
            network(),
            (1000 / latency).alias(SPEED),
            speculative=pl.col("speculative_decoding").fill_null("none") != "none",
            stalled=(1000 * pl.col("concurrency") / served > STALLED * latency).fill_null(False),
        )
        .drop_nulls([SPEED, *LENGTHS])
        .select("source", "row_id", "network", "gpu", "precision", "speculative", *LENGTHS, "stalled", SPEED, ENERGY)
        .sort("source", "row_id")
    )


def at_common_lengths(runs: pl.DataFrame, most: int) -> pl.DataFrame:
    """Runs at the pair of lengths that most runs have, of at most so many networks: those with the most runs at it.

    Returns:
        Rows of `runs`, the network with the most runs first, each in the order of `runs`. Of equally frequent lengths
        the shorter ones count, of networks the first in the alphabet.
    """
    lengths = runs.group_by(LENGTHS).len().sort(-pl.col("len").cast(pl.Int64), *LENGTHS).head(1)
    common = runs.join(lengths, on=LENGTHS, how="semi", maintain_order="left")
    networks = common.group_by("network").len().sort(-pl.col("len").cast(pl.Int64), "network").head(most)
    return networks.select("network").join(common, on="network", maintain_order="left_right").select(runs.columns)


def with_front(runs: pl.DataFrame, case: Sequence[str]) -> pl.DataFrame:
    """Whether a run is on the Pareto front of energy and speed: no other is at least as fast with no more energy.

    Of runs that agree in both the first counts. A stalled run is not on the front, and no run is compared with it. A
    case is the columns that runs agree in to be compared.

    Returns:
        The rows with `front`, sorted by `case` and speed, the fastest first.
    """
    # The least energy of all runs of a case that come before: that are faster, or as fast with no more energy.
    none = float("inf")
    before = pl.when(pl.col("stalled")).then(none).otherwise(ENERGY).cum_min().shift(1, fill_value=none).over(case)
    keys = [*case, -pl.col(SPEED), ENERGY, "source", "row_id"]
    return runs.sort(keys).with_columns(front=~pl.col("stalled") & (pl.col(ENERGY) < before))


def cost_of_speed(runs: pl.DataFrame, case: Sequence[str], speed: float) -> pl.DataFrame:
    """Least energy among the runs of a case that have a speed, over the least of all.

    Stalled runs do not count; a case is the columns that runs agree in to be compared, `speed` is in tokens/s.

    Returns:
        `case, cost`, of the cases with a run of this speed, sorted by case.
    """
    fast = pl.col(ENERGY).filter(pl.col(SPEED) >= speed).min()
    costs = runs.filter(~pl.col("stalled")).group_by(case).agg(cost=fast / pl.col(ENERGY).min())
    return costs.drop_nulls("cost").sort(case)
