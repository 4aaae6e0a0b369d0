"""What a table is: columns with units, row checks, writing, DuckDB, the data dictionary."""
