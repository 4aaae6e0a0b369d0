"""Where a number of the public tables comes from: from the table down to benchmark rows, resources and assumptions.

Each family of tables has a module that builds a tree of `step.Node`; `registry` says which explains which table,
`question` finds the number asked for, `text`, `as_json` and `page` show the tree.
"""
