"""A run and a page of ML.ENERGY v3."""

# 600 W / 1200 tokens/s = 0.5 J per token
RUN = {
    "model_id": "maker/Tiny 8B",
    "gpu_model": "H100",
    "num_gpus": 2,
    "weight_precision": "bfloat16",
    "tensor_parallel": 2,
    "expert_parallel": 1,
    "data_parallel": 3,
    "max_num_seqs": 16,
    "avg_batch_size": 15.5,
    "avg_output_len": 700.25,
    "output_throughput_tokens_per_sec": 1200.0,
    "avg_power_watts": 600.0,
    "energy_per_token_joules": 0.5,
    "median_itl_ms": 10.5,
    "p90_itl_ms": 11.5,
    "p95_itl_ms": 12.5,
    "p99_itl_ms": 13.5,
    "total_params_billions": 8.0,
    "activated_params_billions": 7.5,
}
PAGE = {"task": "gpqa", "task_display_name": "GPQA Diamond", "configurations": [RUN]}
