# Dependence of throughput on the lengths of prompt and answer, over the whole corpus.


rule throughput_forms:
    """GPU-seconds per query compared with the published log-linear form: rows left out."""
    input:
        throughput="results/validated/throughput.parquet",
        code=library("throughput/throughput_forms"),
    output:
        configurations=update("results/comparison/throughput_configurations.parquet"),
        left_out=update("results/comparison/throughput_left_out.parquet"),
        forms=update("results/comparison/throughput_forms.parquet"),
    log:
        "results/logs/throughput_forms.log",
    params:
        settings=config["throughput_forms"],
    script:
        "../scripts/throughput/throughput_forms.py"
