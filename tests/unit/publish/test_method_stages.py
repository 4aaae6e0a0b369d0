"""Stages follow the Snakefile; a module belongs to the first that uses it."""

from inference_energy.publish.methods import stages

SNAKEFILE = 'include: "workflow/rules/two.smk"\n# include: "workflow/rules/no.smk"\ninclude: "workflow/rules/one.smk"\n'
RULES = {
    "workflow/rules/one.smk": '# One,\n# on two lines.\nX = 1\n# later\n    script:\n        "../scripts/c.py"\n',
    "workflow/rules/two.smk": '# Two.\n    script:\n        "../scripts/a.py"\n'
    '    script:\n        "../scripts/b.py"\n',
}
IMPORTED = {"a": ["y.py"], "b": ["x.py", "y.py"], "c": ["x.py", "z.py"]}


def test_order_meaning_and_modules():
    found = stages(SNAKEFILE, RULES, IMPORTED.__getitem__, ["x.py", "y.py", "z.py", "unused.py"])
    assert [(stage.name, stage.meaning, stage.modules) for stage in found] == [
        ("two", "Two.", ("x.py", "y.py")),
        ("one", "One, on two lines.", ("z.py",)),
        ("tools", "Commands outside the workflow.", ("unused.py",)),
    ]
