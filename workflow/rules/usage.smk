# From a service's own logs and bills to a statement of its energy; see config/usage and docs/statement.md.


rule meter_usage:
    """Exact sums over the requests of some files: the part of a usage that can be done anywhere."""
    input:
        files=lambda wildcards: [file["path"] for file in shard_files(wildcards)],
        code=library("meter_usage"),
    output:
        sums="results/usage/{usage}/shards/{shard}-of-{shards}.sums.parquet",
        files="results/usage/{usage}/shards/{shard}-of-{shards}.files.parquet",
    log:
        "results/logs/usage/{usage}/meter_usage_{shard}-of-{shards}.log",
    conda:
        "../envs/pipeline.yaml"
    threads: 8
    params:
        files=shard_files,
        logs=lambda wildcards: USAGES[wildcards.usage]["logs"],
        place=lambda wildcards: f"config/usage/{wildcards.usage}.yaml",
        step_minutes=lambda wildcards: USAGES[wildcards.usage]["step_minutes"],
        leave_out=lambda wildcards: USAGES[wildcards.usage]["invalid_rows"] == "leave_out",
    script:
        "../scripts/meter_usage.py"


rule gather_usage:
    """The sums of all shards and the bills: the same whatever the number of shards."""
    input:
        sums=lambda wildcards: shards(wildcards, "sums"),
        files=lambda wildcards: shards(wildcards, "files"),
        bills=lambda wildcards: [file["path"] for file in USAGE_FILES[wildcards.usage]["bills"]],
        code=library("gather_usage"),
    output:
        sums="results/usage/{usage}/sums.parquet",
        bills="results/usage/{usage}/bills.parquet",
        files="results/usage/{usage}/files.parquet",
    log:
        "results/logs/usage/{usage}/gather_usage.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        bill_files=lambda wildcards: USAGE_FILES[wildcards.usage]["bills"],
        bills=lambda wildcards: USAGES[wildcards.usage]["bills"],
        place=lambda wildcards: f"config/usage/{wildcards.usage}.yaml",
    script:
        "../scripts/gather_usage.py"


rule usage_energy:
    """Energy, emissions, water, power and nodes of a usage, with what they rest on."""
    input:
        **NESTED_TABLES,
        sums="results/usage/{usage}/sums.parquet",
        bills="results/usage/{usage}/bills.parquet",
        files="results/usage/{usage}/files.parquet",
        registry="resources/models.csv",
        grid="resources/grid.csv",
        code=library("usage_energy"),
    output:
        statement="results/usage/{usage}/statement.parquet",
        capacity="results/usage/{usage}/capacity.parquet",
        steps="results/usage/{usage}/steps.parquet",
        metered="results/usage/{usage}/metered.parquet",
        names="results/usage/{usage}/names.parquet",
        evidence="results/usage/{usage}/evidence.parquet",
        quality="results/usage/{usage}/quality.parquet",
        factors="results/usage/{usage}/factors.parquet",
    log:
        "results/logs/usage/{usage}/usage_energy.log",
    conda:
        "../envs/pipeline.yaml"
    params:
        usage=lambda wildcards: USAGES[wildcards.usage],
        study_name=lambda wildcards: USAGES[wildcards.usage]["study"],
        study=lambda wildcards: USAGE_STUDIES[wildcards.usage],
        draws=config["usage_draws"],
        seed=config["seed"],
        place=lambda wildcards: f"config/usage/{wildcards.usage}.yaml",
    script:
        "../scripts/usage_energy.py"
