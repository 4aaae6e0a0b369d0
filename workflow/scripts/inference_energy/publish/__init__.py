"""The public tables as database, workbook and data package; the page of methods."""
