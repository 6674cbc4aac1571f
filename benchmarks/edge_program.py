"""Maximum concurrent flow as a linear program over links, with HiGHS: what benchmarks/allocation.py compares with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy.sparse import csr_array

from planner.records import rows_of

if TYPE_CHECKING:
    import pandas as pd


class EdgeProgram:
    """Maximum concurrent flow over links, one commodity a source: what is commonly written down first.

    Columns: the factor, then for each source the flow over each link either way. Rows: conservation at each node
    for each source, then the capacity of each link.
    """

    def __init__(self, budget: pd.DataFrame, demands: pd.DataFrame) -> None:
        nodes = sorted({*budget["node_a"], *budget["node_b"]})
        index = {node: number for number, node in enumerate(nodes)}
        a, b = (budget[end].map(index).to_numpy() for end in ("node_a", "node_b"))
        tails, heads = np.concatenate((a, b)), np.concatenate((b, a))
        sources = sorted(set(demands["node_a"]))
        arcs, links, count = len(tails), len(budget), len(nodes)
        wants = np.zeros((len(sources), count))
        place = {source: number for number, source in enumerate(sources)}
        for row in rows_of(demands):
            wants[place[row.node_a], index[row.node_b]] += row.requested_bps
            wants[place[row.node_a], index[row.node_a]] -= row.requested_bps
        number = np.arange(len(sources))[:, None]
        columns = 1 + number * arcs + np.arange(arcs)
        capacity = len(sources) * count + np.tile(np.arange(links), 2)
        rows = [number * count + heads, number * count + tails, np.broadcast_to(capacity, columns.shape)]
        signs = [np.ones(columns.shape), -np.ones(columns.shape), np.ones(columns.shape)]
        asking = np.flatnonzero(wants.reshape(-1))
        self.shape = (len(sources) * count + links, 1 + len(sources) * arcs)
        self.matrix = csr_array(
            (
                np.concatenate([*(sign.reshape(-1) for sign in signs), -wants.reshape(-1)[asking]]),
                (
                    np.concatenate([*(row.reshape(-1) for row in rows), asking]),
                    np.concatenate([*[columns.reshape(-1)] * 3, np.zeros(len(asking), dtype=int)]),
                ),
            ),
            shape=self.shape,
        ).tocsc()
        rates = budget["key_rate_bps"].to_numpy()
        self.lower = np.concatenate((np.zeros(len(sources) * count), np.full(links, -np.inf)))
        self.upper = np.concatenate((np.zeros(len(sources) * count), rates))

    def solve(self, *, solver: str, limit_s: float) -> tuple[float | None, float]:
        """The factor (None where the limit came first) and the CPU seconds.

        Args:
            solver: ``simplex`` or ``ipm``.
            limit_s: Wall time after which HiGHS stops.
        """
        problem = highspy.HighsLp()
        problem.num_row_, problem.num_col_ = self.shape
        problem.col_cost_ = np.concatenate(([-1.0], np.zeros(self.shape[1] - 1)))
        problem.col_lower_ = np.zeros(self.shape[1])
        problem.col_upper_ = np.full(self.shape[1], np.inf)
        problem.row_lower_, problem.row_upper_ = self.lower, self.upper
        problem.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        problem.a_matrix_.start_ = self.matrix.indptr
        problem.a_matrix_.index_ = self.matrix.indices
        problem.a_matrix_.value_ = self.matrix.data
        highs = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("solver", solver), ("time_limit", limit_s)):
            highs.setOptionValue(name, value)
        if solver == "ipm":
            highs.setOptionValue("run_crossover", "off")
        start = time.process_time()
        highs.passModel(problem)
        highs.run()
        seconds = time.process_time() - start
        done = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return (-highs.getInfo().objective_function_value if done else None), seconds
