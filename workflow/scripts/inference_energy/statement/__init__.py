"""From a service's own request logs and bills to a statement of its energy.

`logs` adds up requests exactly. `model_names` resolves the names of models, `regions` the factors of electricity,
`coefficients` where models serve the requests and the energy per unit of each sum, `energy` the energy of the sums with
its interval, `grades` and `quality` the evidence behind it; `build` makes all tables, `text` writes them for readers.
"""
