"""The clauses of the race in OpenFisca-Core, and in NumPy by itself as the floor under it.

python openfisca.py DIRECTORY LOAD FIRMS SAMPLES
"""
import gc
import json
import pathlib
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
from openfisca_core.simulations.simulation_builder import SimulationBuilder

import openfisca_system as system

DIRECTORY, LOAD, FIRMS, SAMPLES = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
PERIOD = "2023"
WAN = 1_000_000
IN_FORCE, CHANGED = (11_000, 110_000, 500 * WAN), (15_000, 90_000, 800 * WAN)

MONEY = {name: np.fromfile(DIRECTORY / f"{name}.i64", dtype="<i8") for name in ["loan", "input", "invest", "other", "sales"]}
FLAGS = {name: np.fromfile(DIRECTORY / f"{name}.u8", dtype=np.uint8)
         for name in ["scale", "service", "national", "provincial", "scene", "cloud", "provider", "base", "trainer"]}
AREA = np.fromfile(DIRECTORY / "area.u8", dtype=np.uint8)
FILED = np.fromfile(DIRECTORY / "filed.i32", dtype="<i4")
FROM, TO = (int(day.astype(int)) for day in (system.FROM, system.TO))

INPUTS = {"area": AREA.astype(np.int32), "filed": FILED.astype("datetime64[D]")}
INPUTS |= {name: (fen / 100).astype(np.float32) for name, fen in MONEY.items()}
INPUTS |= {name: flags.astype(bool) for name, flags in FLAGS.items()}


def exact(loan_rate, invest_rate, invest_cap):
    """The clauses in whole fen."""
    def share(amount, rate):
        return (amount * rate + 500_000) // 1_000_000

    place = (FILED >= FROM) & (FILED <= TO) & (AREA < 5)
    eligible = place & (FLAGS["scale"] == 1)
    loan = eligible * np.minimum(share(MONEY["loan"], loan_rate), 200 * WAN)
    gross = (eligible & (MONEY["input"] >= 500 * WAN)) * np.minimum(share(MONEY["invest"], invest_rate), invest_cap)
    title = np.maximum(FLAGS["national"] * np.int64(300 * WAN), FLAGS["provincial"] * np.int64(200 * WAN))
    smaller = (FLAGS["scene"] + FLAGS["cloud"]) * np.int64(50 * WAN)
    bodies = FLAGS["provider"] * np.int64(100 * WAN) + FLAGS["base"] * np.int64(50 * WAN) + FLAGS["trainer"] * np.int64(30 * WAN)
    served = (place & (FLAGS["service"] == 1) & (MONEY["sales"] >= 1000 * WAN)) * share(MONEY["sales"], 100_000)
    return loan + gross * (gross >= MONEY["other"]) + eligible * (title + smaller) + place * bodies + served


def simulation(of):
    s = SimulationBuilder().build_default_simulation(of, count=FIRMS)
    for name, values in INPUTS.items():
        s.set_input(name, PERIOD, values)
    return s


def screen(total, unit):
    """What a screen shows: the budget, how many get something, the budget by area."""
    np.bincount(AREA, weights=total, minlength=11)
    return {"budget": round(float(total.sum()) * unit), "getting": int((total > 0).sum())}


def effect(before, after, unit):
    by = after - before
    return {"budget": round(float(after.sum()) * unit), "Winners": int((by > 0).sum()), "Losers": int((by < 0).sum()),
            "Gained": round(float(by[by > 0].sum()) * unit), "Lost": round(float(-by[by < 0].sum()) * unit)}


def measure(engine, task, do, prepare=lambda: None, compared=True):
    start = time.perf_counter()
    answer = do(prepare())
    once = time.perf_counter() - start
    wall, cpu = [], []
    for _ in range(min(SAMPLES, 1 + int(3 / once))):
        given = prepare()
        gc.collect()
        used, start = time.process_time(), time.perf_counter()
        answer = do(given)
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
    print(json.dumps({"load": LOAD, "engine": engine, "task": task, "firms": FIRMS, "rows": FIRMS, "processors": 1,
                      "cpu_ms": statistics.median(cpu), "wall_ms": statistics.median(wall),
                      "answer": answer if compared else None}), flush=True)


standard, reformed = system.build(), system.Changed(system.build())
kept = simulation(standard).calculate("total", PERIOD)
exact_kept = exact(*IN_FORCE)

# Money is float32 here: its answers are told apart (below), not compared.
measure("OpenFisca, fed before", "calculate", lambda s: screen(s.calculate("total", PERIOD), 100), lambda: simulation(standard), compared=False)
measure("OpenFisca", "evaluate", lambda _: screen(simulation(standard).calculate("total", PERIOD), 100), compared=False)
measure("OpenFisca", "what-if", lambda _: effect(kept, simulation(system.Changed(standard)).calculate("total", PERIOD), 100), compared=False)
measure("NumPy, whole fen", "evaluate", lambda _: screen(exact(*IN_FORCE), 1))
measure("NumPy, whole fen", "what-if", lambda _: effect(exact_kept, exact(*CHANGED), 1))

off = np.abs(np.rint(kept.astype(np.float64) * 100).astype(np.int64) - exact_kept)
print(json.dumps({
    "load": LOAD, "engine": "OpenFisca", "task": "version", "firms": FIRMS,
    "note": f"OpenFisca-Core {version('openfisca-core')}, NumPy {np.__version__}: {int((off > 0).sum())} of {int((exact_kept > 0).sum())} paid amounts"
            f" are off by a fen or more, the worst by {int(off.max())} fen, and the budget by {float(kept.sum()) - int(exact_kept.sum()) / 100:.2f} yuan",
}))
