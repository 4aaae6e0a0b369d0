"""Units that are words rather than symbols; a column declares its unit next to its meaning."""

SHARE, FACTOR, COUNT, POSITION = "share of 1", "factor", "count", "position"
OF_ROW = "as in column unit"  # for tables with a column `unit`: each row states its own
OF_PARAMETER = "that of the key named in column parameter"
J_PER_OUTPUT_TOKEN, TOK_PER_S_PER_GPU = "J per output token", "tok/s per GPU"
