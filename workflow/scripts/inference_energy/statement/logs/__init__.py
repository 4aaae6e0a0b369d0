"""Request logs and bills in, exact sums over requests out.

`files` reads a usage file and finds the files it names; `reading` turns their rows into common columns, `faults` finds
faults in them, `metering` adds them up exactly, `bills` adds up bills by month; `progress` reports how far work is.
"""
