"""Bills added up by month, and contradictions in them."""

import hashlib

import pytest
from inference_energy.common.errors import InputError
from inference_energy.statement import tables
from inference_energy.statement.logs import bills
from inference_energy.statement.logs.files import files_of

PLACE = "config/usage/mine.yaml"
COLUMNS = {"month": "month", "model": "model", "requests": "n", "input_tokens": "in", "output_tokens": "out"}
HEADER = "month,model,n,in,out\n"


@pytest.fixture
def billed(tmp_path):
    def of(text, name="bill.csv", columns=COLUMNS, **entry):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
        usage = {"folder": str(tmp_path / "in"), "bills": {"b": {"files": ["."], "columns": columns} | entry}}
        found, *_ = bills.billed(files_of(usage, "bills", PLACE), usage["bills"], place=PLACE, folder=tmp_path)
        return [(*row[1:3], *(None if value is None else int(value) for value in row[5:])) for row in found.iter_rows()]

    return of


def test_rows_of_a_month_and_model_are_one(billed):
    text = f"{HEADER}2026-02,A,10,1000,500\n2026-02-17, A ,5,100,50\n2026-03,A,1,7,0\n2026-02,B,2,20,0\n"
    assert billed(text) == [
        ("2026-02", "A", 15, 1100, None, 550),
        ("2026-02", "B", 2, 20, None, 0),
        ("2026-03", "A", 1, 7, None, 0),
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2026-02,A,0,500000,100",
         "b: requests: found 0 with 500,000 prompt and 100 answer tokens of A in 2026-02; allowed: the number of"),
        ("2026-02,A,500000,100,200",
         "b: requests: found 500,000 with 100 prompt and 200 answer tokens of A in 2026-02; allowed: a prompt"),
        ("2026-02,A,1.000,950.000,250.000",
         "in/bill.csv: requests (column n): 1 of 1 rows are not whole numbers, such as '1.000' ('1.000' is 1 or 1,"),
        ('2026-02,A,"1,000","950,000","250,000"', "('1,000' is 1 or 1,000; write digits alone)"),
        ("02/2026,A,1,950,250", "in/bill.csv: month (column month): 1 of 1 rows are not such, such as '02/2026'"),
        ("2026-02,A,1,950", "in/bill.csv line 2: found 4 cells: the file may be cut off; allowed: 5, as in the header"),
        ("2026-02,A,1,950,250\nmonth,model,n,out,in\n2026-02,A,1,250,950",
         "month (column month): 1 of 3 rows are not such, such as 'month'"),
    ],
)  # fmt: skip
def test_contradictions_and_ambiguous_numbers_are_refused(billed, row, told):
    with pytest.raises(InputError) as error:
        billed(f"{HEADER}{row}\n")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bill_without_tokens_or_requests_contradicts_nothing(billed):
    assert billed(f"{HEADER}2026-02,A,0,0,0\n2026-02,B,3,0,0\n") == [
        ("2026-02", "A", 0, 0, None, 0),
        ("2026-02", "B", 3, 0, None, 0),
    ]
    without = {role: name for role, name in COLUMNS.items() if role != "requests"}
    assert billed(f"{HEADER}2026-02,A,0,500,100\n", columns=without) == [("2026-02", "A", None, 500, None, 100)]


def test_the_files_of_bills_are_listed_with_their_rows_days_and_checksums(tmp_path):
    text = f"{HEADER}2026-02-03,A,10,1000,500\n2026-03-04,A,5,100,50\n"
    (tmp_path / "bill.csv").write_text(text)
    usage = {"folder": str(tmp_path), "bills": {"b": {"files": ["bill.csv"], "columns": COLUMNS}}}
    *_, files = bills.billed(files_of(usage, "bills", PLACE), usage["bills"], place=PLACE, folder=tmp_path)
    assert files.to_dicts() == [
        {
            "source": "b",
            "file": "bill.csv",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "first_day": "2026-02-03",
            "last_day": "2026-03-04",
            "not_read": None,
            "bytes": len(text),
            "rows": 2,
            "rows_left_out": 0,
        }
    ]
    tables.FILES.validate(files.select(list(tables.FILES.columns)))
