"""The tables and views of `results/benchmarks.duckdb`: meaning of every one and of every column."""

from inference_energy.corpus import tables
from inference_energy.corpus.registry_tables import ClosedModel, Correction, Hardware, Model
from inference_energy.corpus.tables import ACCEPTED, SOURCES
from inference_energy.tables.columns import columns_of, comments, count, number, texts
from inference_energy.tables.database import Meaning

PLACE = comments(tables.PLACE)
THROUGHPUT, ENERGY, ESTIMATE = (
    comments(ACCEPTED[name].columns) for name in ("throughput", "measured_energy", "published_estimate")
)
MODEL, CLOSED_MODEL, HARDWARE, CORRECTION = (
    comments(columns_of(table)) for table in (Model, ClosedModel, Hardware, Correction)
)

TABLES = {
    "source": Meaning("One file of one benchmark source, with its verified origin", comments(SOURCES.columns)),
    "throughput": Meaning("One token throughput of one configuration", THROUGHPUT),
    "measured_energy": Meaning("One measured energy of one run, with the configuration of that run", ENERGY),
    "implausible_energy": Meaning(
        "One measured energy that cannot be true, with the reason; no study uses it",
        ENERGY | comments(tables.IMPLAUSIBLE_ENERGY.columns),
    ),
    "published_estimate": Meaning("One statement about the energy of a query", ESTIMATE),
    "model": Meaning("One language model whose weights are public", MODEL),
    "closed_model": Meaning(
        "One language model whose weights are not public, with the size that is assumed for it", CLOSED_MODEL
    ),
    "hardware": Meaning("One GPU or other accelerator, and its node", HARDWARE),
    "correction": Meaning("One known error of a published row; studies choose whether to correct it", CORRECTION),
    "rejected_row": Meaning(
        "One fault of a benchmark row that was set aside",
        PLACE | comments(texts(column="column at fault", value="what was found", reason="what is allowed")),
    ),
    "left_out": Meaning(
        "Records of a file that are outside the scope of the corpus",
        PLACE | comments({**texts(reason="why"), "records": count("records")}),
    ),
}

VIEWS = {
    "comparable_throughput": Meaning(
        "One throughput row per GPU and second, with properties of its model and GPU",
        THROUGHPUT | MODEL | HARDWARE,
        """SELECT t.source, t.row_id, t.model, m.model_class, m.total_parameters_billions, m.active_parameters_billions,
        t.gpu, h.tdp_w, t.gpus, t.precision, t.engine, t.engine_version, t.load, t.input_tokens, t.output_tokens,
        t.concurrency, t.output_tok_per_s_per_gpu, t.published_on, t.evidence, t.file, t.line
        FROM throughput t JOIN model m USING (model) JOIN hardware h USING (gpu)
        WHERE t.output_tok_per_s_per_gpu IS NOT NULL""",
    ),
    "least_energy": Meaning(
        "The measured run with the least energy per output token, per model, GPU, precision and boundary",
        ENERGY
        | MODEL
        | comments({"wh_per_1000_output_tokens": number("the same energy for 1,000 output tokens", "Wh")}),
        """SELECT e.model, m.model_class, e.gpu, e.gpus, e.precision, e.boundary, e.prompts, e.concurrency,
        e.energy_j_per_output_token, e.energy_j_per_output_token * 1000 / 3600 AS wh_per_1000_output_tokens,
        e.source, e.row_id, e.file, e.line
        FROM measured_energy e JOIN model m USING (model)
        QUALIFY row_number() OVER (PARTITION BY e.model, e.gpu, e.precision, e.boundary
        ORDER BY e.energy_j_per_output_token, e.source, e.row_id) = 1
        ORDER BY e.model, e.gpu, e.precision, e.boundary""",
    ),
    "coverage": Meaning(
        "Throughput rows and measured energies per model and GPU, with the date of the newest row",
        THROUGHPUT
        | MODEL
        | comments(
            {
                "throughput_rows": count("rows of table throughput"),
                "measured_energies": count("rows of table measured_energy"),
                "sources": count("sources"),
                **texts(newest="date of publication of the newest row"),
            }
        ),
        """SELECT t.model, m.model_class, t.gpu, count(*) AS throughput_rows, count(e.row_id) AS measured_energies,
        count(DISTINCT t.source) AS sources, max(t.published_on) AS newest
        FROM throughput t JOIN model m USING (model)
        LEFT JOIN measured_energy e ON e.source = t.source AND e.row_id = t.row_id
        GROUP BY ALL ORDER BY t.model, t.gpu""",
    ),
    "rows_per_source": Meaning(
        "What was read of every source",
        TABLES["source"].columns | comments({"files": count("files")}),
        """SELECT source, count(*) AS files, sum(rows_accepted)::BIGINT AS rows_accepted,
        sum(rows_rejected)::BIGINT AS rows_rejected, sum(records_left_out)::BIGINT AS records_left_out,
        max(read_on) AS read_on, any_value(licence) AS licence FROM source
        GROUP BY source ORDER BY source""",
    ),
}
