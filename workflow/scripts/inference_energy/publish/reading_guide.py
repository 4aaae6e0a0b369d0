"""How to read the published tables: the few sentences that every form of them carries."""

WHAT = (
    "Energy of queries to large language models, computed from published token throughput, measured power and lengths,"
    " for every study of the pipeline inference-energy, with the corpus of benchmarks that it rests on."
)
READING = {
    "Intervals": (
        "P5, P50 and P95 are percentiles: nine tenths of the draws lie in the interval P5–P95. The column spread"
        " states what the interval reflects."
    ),
    "Spread": (
        "untrimmed: all draws, variability and uncertainty together. per_query: variability between queries of one"
        " fleet, the shared ingredients at their medians. shared: uncertainty of the mean over queries; it does not"
        " shrink with the number of draws or of queries. as_published: trimmed twice, as in the publication."
    ),
    "Boundary": (
        "What is metered. gpu_boards: the boards of the GPUs. node: the whole server at the wall. datacenter: node"
        " times PUE. fleet: datacenter with the overheads of a fleet. Training, the user's device, the wide-area"
        " network and embodied energy are in none."
    ),
    "Study": (
        "A named set of assumptions. Method published follows the two editions of the paper; method nested"
        " separates variability between queries from uncertainty."
    ),
    "Evidence": (
        "served_share is the part of a study's models and GPUs that reach the speed that users see, reached_share how"
        " often draws of these do. Table held_out_scores says how far predictions are from measurements."
    ),
}
CITE = "Please cite {pipeline}, version {version}, together with {papers}, and a benchmark by its own source."
LICENCE = (
    "Code and computed tables: {licence}. Rows of benchmarks are under the licence of their source, which every such"
    " row and the list of sources name."
)
NOT_IN_WORKBOOK = (
    "Curves and densities that figures are drawn from, and rows behind the fit and the scores of the serving model:"
    " they are in the database and in the CSV files."
)


def about(citation: dict) -> dict[str, str]:
    """Paragraphs that open a published form of the tables, by heading; given is the content of `CITATION.cff`."""
    cite = CITE.format(
        pipeline=citation["title"],
        version=citation["version"],
        papers="; ".join(map(reference, citation.get("references", []))) or "what it names as its references",
    )
    return {
        "What this is": WHAT,
        "Version": citation["version"],
        "How to cite": cite,
        "Licence": LICENCE.format(licence=citation["license"]),
        **READING,
    }


def reference(paper: dict) -> str:
    """A reference of `CITATION.cff` in one line: authors, title, journal, year, DOI."""
    names = [author.get("family-names") or author["name"] for author in paper["authors"]]
    parts = [names[0] if len(names) == 1 else f"{names[0]} et al.", paper["title"]]
    parts += [str(paper[key]) for key in ("journal", "year") if key in paper]
    return ", ".join([*parts, f"doi:{paper['doi']}"] if "doi" in paper else parts)
