"""Logarithms of time and power of runs, with their derivatives by everything that is fitted."""

from dataclasses import replace

import numpy as np

from inference_energy.serving import step
from inference_energy.serving.parameters import POWER, TIME
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import Time, Values
from inference_energy.statistics.empirical_bayes import Expected


def log_time(of: Replicas, batch: np.ndarray, given: Values, effects: Values = step.NO_EFFECTS) -> Expected:
    """Logarithm of the seconds per output token at a batch, see `step.step`.

    The time is a sum of products of exponentials. So most derivatives are shares of the time: of the terms that a
    parameter is a factor of.
    """
    pace = step.pace(of, given, effects)
    taken = step.step_at(of, pace)
    time = taken.at(batch)
    steps, per_request = taken.steps_per_token / batch, taken.steps_per_token
    launching = pace.launching * steps
    # Terms of the time, s. Of overheads: of steps, of layers, of their all-reduce, of requests.
    of_steps, of_layers = pace.step_s * launching, of.layers * pace.layer_s * launching
    all_reduce = of.layers * pace.all_reduce_s * np.log2(of.gpus) * launching
    of_requests = taken.overhead_s_per_request * per_request
    # Moving: weights of experts that are read, all weights, keys and values.
    rate = of.with_experts * step.log_unused(of.experts, of.experts_per_token) * batch
    experts = taken.expert_s * of.with_experts * of.experts * steps
    weights = taken.shared_s * steps - experts * np.expm1(rate * taken.verified)
    keys = taken.request_bytes * pace.reading * per_request
    # Computing: answers and prompts; and their attention, which is what is left where all else takes no time.
    answers, prompts = taken.request_s * per_request - keys, taken.prompt_s
    attending = step.step_at(of, replace(pace, dense_s=0.0))
    attention = attending.request_s * per_request - keys + attending.prompt_s
    total = time.seconds
    overhead = of_steps + of_layers + all_reduce + of_requests
    roofline = total - overhead
    moved, computed = weights + keys, answers + prompts
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s
    more_verified = of.speculative * np.exp(given["verified_tokens"])
    more_accepted = of.speculative * np.exp(given["accepted_tokens"])
    verifying = of_requests + answers  # are proportional to the tokens that are verified
    parameters = {
        "step_s": of_steps,
        "layer_s": of_layers,
        "request_layer_s": of_requests,
        "all_reduce_s": all_reduce,
        "bandwidth": -moved,
        "compute": -answers,
        "prefill": -prompts,
        "narrow_formats": -np.log(narrowness) * (computed - attention),
        "key_reading": keys,
        "experts_memory": of.with_experts * moved,
        "experts_compute": of.with_experts * computed,
        "accepted_tokens": -more_accepted / taken.accepted * (total - prompts),
        "verified_tokens": more_verified
        * (verifying / taken.verified - experts * rate * np.exp(rate * taken.verified)),
        "data_parallel_attention": of.attention_data_parallel * roofline,
        "roofline_of_tuned": of.tuned * roofline,
        "roofline_per_year": -of.software_years * roofline,
        "roofline_of_attention_stages": of.attention_stages * roofline,
        "overhead_of_tuned": of.tuned * overhead,
        "overhead_per_year": -of.software_years * (1 - of.tuned) * overhead,
        "overhead_of_attention_stages": of.attention_stages * overhead,
        "old_engine": of.old_engine * total,
        "overhead_of_old_engine": of.old_engine * overhead,
        "youth": of.youth * total,
    }
    return Expected(
        y=np.log(total),
        by_parameter=np.stack([parameters[each.name] / total for each in TIME], axis=1),
        by_term={"overhead": overhead / total, "roofline": roofline / total, "time": np.ones_like(total)},
    )


def log_power(of: Replicas, time: Time, seconds: np.ndarray, given: Values, effects: Values) -> Expected:
    """Logarithm of the mean power of a board over its rated power, see `step.board_share`."""
    boards = step.boards(of, given, effects["power"])
    share = step.board_share(boards, time, seconds)
    moving = boards.per_byte_s * time.bytes_per_token / seconds
    computing = boards.per_flop_s * time.flop_per_token / seconds
    narrowness = of.peak_16_bit_flop_per_s / of.peak_flop_per_s
    without = np.exp(-moving - computing) * boards.factor / share  # derivative by the power without demand
    by_demand = (1 - boards.idle) * without
    parameters = {
        "idle_share": boards.idle * without,
        "bandwidth_power": by_demand * moving,
        "compute_power": by_demand * computing,
        "narrow_formats_power": -np.log(narrowness) * by_demand * computing,
    }
    return Expected(
        y=np.log(share),
        by_parameter=np.stack([parameters[each.name] for each in POWER], axis=1),
        by_term={"power": np.ones_like(share)},
    )
