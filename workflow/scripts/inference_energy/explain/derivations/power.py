"""Power of a service over its day: requests by hour, replicas that are on, boards, hosts and datacenter."""

from functools import cached_property
from typing import Any

import numpy as np

from inference_energy.common.conversions import SECONDS_PER_HOUR, W_PER_KW
from inference_energy.common.step import Node, listed, number
from inference_energy.energy import power
from inference_energy.energy.assumptions import overhead_name, rated_node_power_w
from inference_energy.energy.day import energy_per_gpu_second_wh, kept_share, needed_share, work_share
from inference_energy.energy.power import board_power_w, by_boundary_w, host_power_w, node_power_w, used_power_w
from inference_energy.explain.build import kept
from inference_energy.explain.derivations import distributions
from inference_energy.explain.derivations.gpu_time import GpuTime
from inference_energy.explain.derivations.services import NAMES
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.serving import parameters
from inference_energy.statistics.distributions import ShiftedLogNormal

POWER_FILE = "node_power.csv"


class Power(GpuTime):
    """Power of a situation, and the energy that goes with its GPU time."""

    def wh_per_gpu_second(self, place: int) -> Traced:
        """Energy that goes with a GPU-second of a model on a GPU."""
        return energy_per_gpu_second_wh(power_w=self.power_w(place), load=self.load)

    @cached_property
    def needed(self) -> Traced:
        """Work of the day over what all replicas can do."""
        return self.needed_at(1.0)

    @cached_property
    def load(self) -> Traced:
        """Work of the day over what the replicas that are on can do."""
        kept = kept_share(needed=self.needed, released_share=self.ingredient("released_share"))
        return named(work_share(needed=self.needed, kept=kept), "load of the day", "load")

    @kept
    def needed_at(self, rate: Any) -> Traced:
        """Work of an hour, with its requests over their mean, over what all replicas can do."""
        peak = self.rate(int(self.service.rates.argmax()), "peak_rate")
        return needed_share(rate=rate, peak_rate=peak, headroom=self.ingredient("headroom"))

    @kept
    def kept_at(self, hour: int) -> Traced:
        """Share of the replicas that are on in an hour."""
        needed = self.needed_at(self.rate(hour, "rate"))
        return kept_share(needed=needed, released_share=self.ingredient("released_share"))

    @kept
    def rate(self, hour: int, symbol: str) -> Traced:
        """Requests of an hour of the day over their mean."""
        arrivals = self.service.study.day.arrivals
        behind = [self.sets.get("arrivals") or self.entry("day", "arrivals")]
        if arrivals is not None:
            rows = self.asked.build.rows("service_rates", workload=arrivals)
            rows = rows.filter(rows["hour"] % len(self.service.rates) == hour)
            lines = (
                self.asked.workload_line(row, (*NAMES, "requests_per_s"), value=row["relative_rate"])
                for row in rows.iter_rows(named=True)
            )
            behind.append(listed(lines, f"days: hour {hour} over the mean of all hours"))
        label = f"requests of hour {hour} of an average day over their mean"
        return given(symbol, label, float(self.service.rates[hour]), *behind)

    @kept
    def hour_w(self, hour: int) -> np.ndarray:
        """Power per installed GPU within the boundary of fleets in an hour, by draw, model and GPU, W."""
        return self.found.hour_w(hour)

    @kept
    def power_w(self, place: int) -> Traced:
        """Power within the boundary per GPU that is on, mean over the day."""
        boards, node = self._node_w(place)
        added = [self.ingredient(overhead_name(name), "overhead") for name in self.service.given.overheads]
        return by_boundary_w(boards, node, self.ingredient("pue"), sum(added))[self.boundary]

    @kept
    def _node_w(self, place: int) -> tuple[Traced, Traced]:
        """Power of the boards and of the node, per GPU that is on."""
        model, gpu = self.about(place)
        if self.service.given.rated_w:
            by_model = self.service.study.power.node_kw.by_model or {}
            own = ("by_model", model) if model in by_model else ("default",)
            label = f"rated power of the node of {model}"
            rated = leaf(self.entry("power", "node_kw", *own, label=label, unit="kW", symbol="node_kw"), about=(model,))
            used = used_power_w(rated_w=rated_node_power_w(node_kw=rated), utilisation=self.ingredient("utilisation"))
            return used, used
        hours = {
            name: self.at(wh, place) * self.load.value * SECONDS_PER_HOUR
            for name, wh in self.found.wh_per_gpu_second.items()
        }
        tdp, idle = self._cell(gpu, "tdp_w", "hardware.csv", unit="W"), self._cell(gpu, "board_idle_share_of_tdp")
        factor = self.ingredient("board_factor") if self.service.study.power.board_factor is not None else 1.0
        mean = hours["gpu_boards"] / (tdp.value * (factor.value if isinstance(factor, Traced) else factor))
        work = (self.load.step("work of a replica that is on, mean over the day"), idle.step())
        label = "power of a board over its rated power, mean over the day"
        share = given("share_of_tdp", label, mean, self._busy_board(place), *work, about=(gpu,))
        boards = board_power_w(tdp_w=tdp, share_of_tdp=share, board_factor=factor)
        low = self._cell(gpu, "host_idle_kw_per_gpu", unit="kW")
        high = self._saturated_host(gpu, low)
        position = (hours["node"] - hours["gpu_boards"] - low.value * W_PER_KW) / ((high.value - low.value) * W_PER_KW)
        saturated = (self._cell(gpu, f"board_saturated_share_of_tdp_{end}") for end in ("p05", "p95"))
        label, behind = "where the boards are between idle and saturated, mean over the day", (share, idle, *saturated)
        where = given("load", label, position, *(each.step() for each in behind), about=(gpu,))
        host = host_power_w(idle_w=low * W_PER_KW, saturated_w=high * W_PER_KW, load=where)
        return boards, node_power_w(boards_w=boards, host_w=host)

    @kept
    def _busy_board(self, place: int) -> Node:
        """Power of a board in the busiest hour."""
        names = [parameter.name for parameter in parameters.POWER]
        behind = (*self.known(*names, part="power"), *self.effects(place, "power"), self.where(place))
        label = "power of a board at the batch over its rated power"
        return number("s", label, self.at(self.found.point.energy.board_share, place), children=behind)

    def _cell(self, gpu: str, column: str, file: str = POWER_FILE, **facts: Any) -> Traced:
        """A cell of a GPU; of the node of a GPU without one the mean of the measured nodes."""
        table = self.service.members.node_power
        if file != POWER_FILE or gpu in table["gpu"].to_list():
            found = self.asked.resource(file, {"gpu": gpu}, column, symbol=column, note="derivation", **facts)
            return leaf(found, about=(gpu,))
        measured = table.filter(basis="measured")["gpu"]
        cells = [self.asked.resource(POWER_FILE, {"gpu": of}, column, **facts) for of in measured]
        label = f"{column.replace('_', ' ')}, mean of the measured nodes"
        return given(column, label, float(power.node_of(gpu, table)[column]), *cells, about=(gpu,), **facts)

    @kept
    def _saturated_host(self, gpu: str, idle: Traced) -> Traced:
        """Saturated power of the rest of a node per GPU, median, kW."""
        ends = {end: self._cell(gpu, f"host_saturated_kw_per_gpu_{end}", unit="kW") for end in ("p05", "p95")}
        of = ShiftedLogNormal.from_percentiles(above=idle.value, **{end: each.value for end, each in ends.items()})
        share = float(self.service.shared.values["host"][0])
        behind = tuple(each.step(symbol=end) for end, each in ends.items())
        label = f"saturated host per GPU, {distributions.at_words(share)}"
        return leaf(distributions.quantile_of(of, share, label, behind, unit="kW", symbol="saturated"), about=(gpu,))
