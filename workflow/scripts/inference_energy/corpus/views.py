"""The tables of `results/benchmarks.duckdb`, and the columns of its views: what each means."""

from inference_energy.corpus import tables
from inference_energy.corpus.registry_tables import ClosedModel, Correction, Hardware, Model
from inference_energy.corpus.tables import ACCEPTED, SOURCES
from inference_energy.tables.columns import columns_of, comments, count, number, text, texts
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

# Columns of views that no table has.
COMPUTED = comments(
    {
        "wh_per_1000_output_tokens": number("energy_j_per_output_token for 1,000 output tokens", "Wh"),
        "throughput_rows": count("rows of table throughput"),
        "measured_energies": count("rows of table measured_energy"),
        "sources": count("sources"),
        "newest": text("date of publication of the newest row"),
        "files": count("files"),
    }
)
