"""The command: its lines, its formats, its errors and exit codes."""

import csv
import io
import json
import sys

import pytest
from inference_energy import estimate
from inference_energy.answers import command
from tiny_service import WH


@pytest.fixture
def run(tiny, monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["inference-energy", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            command.run()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


QUERY = ("A", 1000, 500, "--gpu", "G", "--precision", "FP8")


def test_one_number_in_one_line(run):
    code, out, err = run(*QUERY, "--zone", "ABC")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "A in FP8 on G, 1,000 tokens in, 500 out: 0.049 Wh (0.049–0.049), 20 mg CO2e (20–20)"
    assert any(line.startswith("  boundary: datacenter (nodes and PUE); study: current") for line in lines)
    assert any(line.startswith("  evidence: physics only; 0 runs of it there") for line in lines)
    assert lines[-1] == "  derivation: inference-energy explain A 1000 500 --gpu G --precision FP8 --zone ABC"
    assert run("estimate", *QUERY)[1].splitlines()[0] == lines[0].split(", 20 mg")[0]


def test_the_same_as_json(run):
    code, out, _ = run(*QUERY, "--json", "--boundary", "fleet", "--cached", 0.5)
    expected = estimate(
        "A", "G", precision="FP8", input_tokens=1000, output_tokens=500, boundary="fleet", cached_share=0.5
    )
    assert code == 0
    assert json.loads(out)["energy_wh"] == expected.as_dict()["energy_wh"]


def test_the_derivation_can_be_followed(run):
    words = run(*QUERY)[1].splitlines()[-1].split("inference-energy ")[1].split()
    code, out, _ = run(*words)
    assert code == 0
    assert "= seconds * rate" in out
    assert "resources" not in run("explain", "frontier")[1]


def test_many_from_a_file(run, tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("model,input_tokens,output_tokens\nA,1000,500\nB,1000,500\n")
    code, out, _ = run("--csv", path, "--gpu", "G")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["model"] for row in rows] == ["A", "B"]
    assert float(rows[0]["wh_p50"]) == pytest.approx(WH["traditional"], rel=1e-6)


def test_two_answers_and_their_ratio(run):
    code, out, _ = run("compare", "A@G", "B@G", 1000, 500)
    assert code == 0
    assert out.splitlines()[2].startswith("B needs 1.")
    back = run("compare", "B@G", "A@G", 1000, 500)[1]
    assert "B needs 1/1." in back
    both = json.loads(run("compare", "A", "A", 1000, 500, "--json")[1])
    assert both[0]["energy_wh"] == both[1]["energy_wh"]


def test_names_are_listed(run):
    models = run("models")[1].splitlines()
    assert [line.split()[0] for line in models] == ["model", "A", "B", "Secret"]
    assert "not disclosed" in models[-1]
    assert [line.split()[0] for line in run("gpus", "h")[1].splitlines()] == ["GPU", "H"]
    assert run("gpus", "zz") == (1, "", "Error: GPU: found none with 'zz' in its name; allowed: one of 2 names\n")
    assert run("--version")[1] == "inference-energy 1.2.3, contents 0123456789ab\n"
    assert "DeepSeek-R1 2000 500 --gpu B200" in run()[1]


def test_names_are_completed(tiny):
    assert command._names("models")("s") == ["Secret"]
    assert command._names("gpus")("") == ["G", "H"]


def test_a_study_from_a_file(run, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("pue: 1\n")
    assert ": 0.041 Wh" in run(*QUERY, "--study", path)[1]
    path.write_text("- 1\n")
    assert run(*QUERY, "--study", path) == (1, "", f"Error: {path}: found list; allowed: keys of a study\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("AA", 1, 1), 1, "Error: model: found 'AA'; allowed: "),
        (("A", -1, 1), 2, "Error: No such option: -1"),
        (("A", "1e9", 1), 1, "Error: input_tokens: found 1000000000.0; allowed: "),
        (("A", "x", 1), 2, "Error: Invalid value for 'INPUT': "),
        (("A", 1, 1, "--gpuu", "G"), 2, "Error: No such option: --gpuu"),
        (("A", 1, 1, "--pue"), 2, "Error: Option '--pue' requires an argument."),
        (("A", 1, 1, "--pue", 0.5), 1, "Error: pue: found 0.5; allowed: 1 to 5 "),
        (("--csv", "nowhere.csv"), 1, "Error: nowhere.csv: "),
        (("statement", "logs"), 1, "found no clone of inference-energy; allowed: "),
    ],
)
def test_errors_are_one_line(run, words, code, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run(*words)
    assert found[0] == code
    assert told in found[2]
    assert len(found[2].splitlines()) == 1
    assert found[1] == ""


def test_a_fault_in_a_file_names_its_row(run, tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("model,input_tokens,output_tokens\nA,1000,500\nA,-3,500\n")
    assert run("--csv", path)[2] == f"Error: {path}: input_tokens: row 1: found -3; allowed: 0 to 10,000,000\n"
    path.write_text("")
    assert run("--csv", path)[0] == 1
