"""Sources of the inputs: those with an origin, and those that rows name, each once."""

from inference_energy.publish.sources import of_origin, of_rows, read_sources

ORIGIN = {
    "publisher": "Somebody",
    "title": "Throughput",
    "url": "https://example.org/a",
    "version": 1.1,
    "read_on": "2026-01-31",
    "licence": "MIT",
    "citation": "Somebody, 2026",
}
ROWS = [
    {"gpu": "A", "source": "https://example.org/one (datasheet)", "node_source": ""},
    {"gpu": "B", "source": "https://example.org/one (datasheet)", "node_source": "press; https://example.org/two."},
    {"gpu": "C", "source": "Handbook (2024)", "node_source": "bench"},
]


def test_an_origin_is_told_whole():
    source = of_origin("resources/benchmarks/bench", ORIGIN)
    assert (source.used_in, source.title, source.version, source.notes) == (
        "resources/benchmarks/bench",
        "Throughput",
        "1.1",
        "",
    )


def test_rows_name_each_source_once_with_what_rests_on_it():
    found = of_rows("resources/gpus.csv", ROWS, ["bench"])
    assert [(source.rows, source.url) for source in found] == [
        ("A, B", "https://example.org/one"),
        ("B", "https://example.org/two"),
        ("C", ""),
    ]
    assert found[0].citation == "https://example.org/one (datasheet)"


def test_folders_come_first_and_are_no_source_of_rows(tmp_path):
    origin = tmp_path / "bench/origin.yaml"
    origin.parent.mkdir()
    origin.write_text('title: Throughput\nurl: "https://example.org/a"\n')
    table = tmp_path / "gpus.csv"
    table.write_text("gpu,source\nA,bench\nB,https://example.org/b\n")
    found = read_sources([origin], [table])
    assert [(source.used_in, source.title or source.citation) for source in found] == [
        (str(origin.parent), "Throughput"),
        (str(table), "https://example.org/b"),
    ]
