"""From a service's own request logs and bills to a statement of its energy.

`configuration` says what a usage file holds and finds the files it names; `reading` turns their rows into the columns
that count, `metering` adds them up exactly, `subjects` finds what serves every model, `factors` where the electricity
comes from, `energy` the energy with its interval, `evidence` what it rests on, `statement` tells it.
"""
