"""From a service's own request logs and bills to a statement of its energy.

`configuration` says what a usage file holds and finds the files it names; `reading` turns their rows into the columns
that count, `faults` says what is wrong with them, `metering` adds them up exactly, `bills` are added up by month.
`subjects` finds what serves every model, `factors` where the electricity comes from, `unit_energy` what a unit of each
sum takes, `energy` what the sums take with its interval, `evidence` and `quality` what that rests on; `accounts` makes
all tables and `statement` tells them.
"""
