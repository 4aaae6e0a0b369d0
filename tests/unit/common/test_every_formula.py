"""Every formula of the package: Python, text and JavaScript give the same value."""

import math
import pkgutil
import re
from importlib import import_module
from types import SimpleNamespace

import inference_energy
import numpy as np
import pytest
from inference_energy.common import formula_source
from inference_energy.common.formulas import REGISTRY
from inference_energy.common.step import evaluate
from inference_energy.dashboard import formulas as page_formulas

for module in pkgutil.walk_packages(inference_energy.__path__, "inference_energy."):
    if not module.name.startswith("inference_energy.embedding."):  # needs the packages of other tools
        import_module(module.name)
FORMULAS = {
    name.removeprefix("inference_energy."): of
    for name, of in sorted(REGISTRY.items())
    if name.startswith("inference_energy.")
}
NAMES = """
    energy.assumptions.rated_node_power_w
    energy.day.energy_per_gpu_second_wh
    energy.day.kept_share
    energy.day.needed_share
    energy.day.work_share
    energy.interventions.saving
    energy.operated.context_tokens2
    energy.operated.gpu_seconds_per_query
    energy.operated.query_wh
    energy.power.board_power_w
    energy.power.datacenter_power_w
    energy.power.fleet_power_w
    energy.power.host_power_w
    energy.power.node_power_w
    energy.power.used_power_w
    fleet.planning.average_power_mw
    fleet.planning.emissions_kg_per_kwh
    fleet.planning.emissions_t_per_day
    fleet.planning.energy_gwh_per_day
    fleet.planning.energy_twh_per_year
    fleet.planning.gpus_needed
    fleet.planning.long_queries_per_day
    fleet.planning.nodes_needed
    fleet.planning.power_mw
    fleet.planning.traditional_queries_per_day
    fleet.planning.water_l_per_kwh
    fleet.planning.water_m3_per_day
    fleet.planning.water_m3_per_kwh
    oviedo.energy.energy_wh
    oviedo.energy.unit_energy_wh
    oviedo.interventions.multiplier_se
    serving.network.dense_layers
    serving.network.dense_width
    serving.network.shared_parameters
    serving.network.typical_expert
    serving.network.typical_experts
    statement.embodied.embodied_kg
    statement.embodied.node_making_kg
    statement.energy.sci_gco2e
    statement.inventory.gj
    throughput.log_linear.node_tok_per_s
    validation.peers.ecologits.answer_s
    validation.peers.ecologits.gpu_energy_wh
    validation.peers.ecologits.s_per_token
    validation.peers.ecologits.server_energy_wh
    validation.peers.epoch.node_energy_wh
    validation.peers.jegham.answer_h
    validation.peers.jegham.middle_share
    validation.peers.jegham.part_energy_wh
    validation.peers.peer.datacenter_wh
    validation.peers.peer.energy_per_query_wh
    validation.peers.peer.energy_per_token_j
"""
SCRIPT = SimpleNamespace(exp=math.exp, log=math.log, sqrt=math.sqrt, min=min, max=max, pow=math.pow)


def inputs(of, count=20):
    """Values of all arguments, of the size of shares and factors, so that nothing overflows."""
    generator = np.random.default_rng(len(of.name))
    return [{name: float(generator.uniform(0.1, 2)) for name in of.parameters} for _ in range(count)]


def test_formulas_are_these():
    assert list(FORMULAS) == NAMES.split()


@pytest.mark.parametrize("name", FORMULAS)
def test_text_is_what_python_computes(name):
    of = FORMULAS[name]
    text, constants = formula_source.text(of), formula_source.constants(of)
    for values in inputs(of):
        assert evaluate(text, constants | values) == pytest.approx(float(of(**values)), rel=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_javascript_is_what_python_computes(name):
    of = FORMULAS[name]
    script = formula_source.javascript([of])
    constants = {name: float(value) for name, value in re.findall(r"^  const (\w+) = ([\d.e+-]+);$", script, re.M)}
    (arguments, expression) = re.search(r"const at = \((.*?)\) => (.*);", script).groups()
    assert tuple(arguments.split(", ")) == of.parameters
    for values in inputs(of):
        # What is left of the two languages in such an expression is the same.
        found = eval(expression, {"__builtins__": {}, "Math": SCRIPT}, constants | values)
        assert found == pytest.approx(float(of(**values)), rel=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_arrays_give_what_their_elements_give(name):
    of = FORMULAS[name]
    several = inputs(of)
    arrays = {parameter: np.array([values[parameter] for values in several]) for parameter in of.parameters}
    assert of(**arrays).tolist() == pytest.approx([float(of(**values)) for values in several], rel=1e-14)


def test_defaults_leave_a_value_as_it_is():
    for of in FORMULAS.values():
        if of.defaults:
            values = inputs(of)[0] | of.defaults
            given = {name: value for name, value in values.items() if name not in of.defaults}
            assert of(**given) == of(**values)


def test_the_page_has_formulas_of_the_package():
    assert set(page_formulas.FORMULAS) <= set(FORMULAS.values())
    for of in page_formulas.FORMULAS:
        assert f"function {of.name}(" in page_formulas.script()
