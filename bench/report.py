"""The figures as tables: for the terminal, and in docs/performance.md between two marks."""
from engine import SIZES

BEGIN = "<!-- make bench writes from here -->"
END = "<!-- to here -->"
WORDS = {">=": "at least", ">": "more than", "<": "less than", "<=": "at most"}


def number(value):
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def holds(value, relation, bound):
    return {">=": value >= bound, ">": value > bound, "<": value < bound, "<=": value <= bound}[relation]


def floors(results):
    for case in results["cases"].values():
        for what, value, relation, bound, unit in case["floors"]:
            yield what, value, relation, bound, unit, holds(value, relation, bound)


def table(head, rows):
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def rest(case):
    m = case["medians"]
    names = {"turnout": "Turnout", "fastapi": "FastAPI + scikit-learn", "nginx": "nginx, a static reply"}
    r = case["ratios"]
    rows = [[names[name], number(of["cpu_us"]), f"{of['rps']:,.0f}", number(of["p50_us"]), number(of["p99_us"]),
             number(of["alone_p50_us"])] for name, of in m.items()]
    rows.append(["**FastAPI : Turnout**", f"**{r['cpu']:.0f}x**", f"**{r['rps']:.0f}x**", f"**{r['p50']:.0f}x**",
                 f"**{r['p99']:.0f}x**", f"**{m['fastapi']['alone_p50_us'] / m['turnout']['alone_p50_us']:.0f}x**"])
    busy = m["turnout"]["busy"]
    note = (f"\nTurnout's core was busy for {busy:.0%} of the time: "
            + ("the rest waited for the load generator, which had the other core to itself.\n" if busy < 0.97 else
               "the requests per second are what the core can do.\n"))
    return ("### `POST /predict`: churn, 100 trees, one core\n\n"
            + table(["server", "CPU us/request", "requests/s", f"p50 us, {case['connections']} connections", "p99 us",
                     "p50 us, 1 connection"], rows) + note)


def batch(case):
    names = {"turnout": "`turnout score`", "pandas": "pandas + scikit-learn"}
    rows = []
    for count, figures in ((case["pair_rows"], case["medians"]), (case["rows"], case["whole"])):
        for name, of in figures.items():
            rows.append([f"{names[name]}, {count:,} rows", number(of["seconds"]), f"{count / of['seconds']:,.0f}",
                         number(of["cpu_seconds"]), number(of["memory_mb"])])
        ratio = case["ratios"]["pairs" if figures is case["medians"] else "whole"]
        of = {name: figures[name]["cpu_seconds"] for name in figures}
        rows.append([f"**pandas : Turnout, {count:,} rows**", f"**{ratio:.0f}x**", f"**{ratio:.0f}x**",
                     f"**{of['pandas'] / of['turnout']:.0f}x**", ""])
    d = case["differences"]
    return ("### `turnout score`: churn, CSV to CSV, all cores\n\n"
            + table(["program", "seconds", "rows/s", "CPU seconds", "memory MB"], rows)
            + f"\nOf {d['rows']:,} rows, {d['predictions']} have another prediction than scikit-learn's and "
              f"{d['probabilities']} another probability (compared as doubles, bit for bit). pandas uses one core; that is "
              "how the script is written by everybody.\n")


def start(case):
    names = {"turnout": "Turnout", "fastapi": "FastAPI + scikit-learn"}
    rows = [[names[name], number(of["ms"]), number(of["resident_mb"]), number(of["anonymous_mb"])]
            for name, of in case["medians"].items()]
    r = case["ratios"]
    rows.append(["**FastAPI : Turnout**", f"**{r['ms']:.0f}x**", f"**{r['resident_mb']:.0f}x**", ""])
    return ("### From start to the first correct answer\n\n"
            + table(["server", "ms", "resident MB", "of it not of files"], rows))


def engine(case):
    rows = []
    for name, engines in case["ns_per_row"].items():
        for which, figures in engines.items():
            rows.append([f"{name}, {which}", *(number(figures[n]) for n in SIZES)])
    return ("### The model alone: ns per row, one thread\n\n"
            + table(["model, engine"] + [f"{n} row{'s' if n > 1 else ''} a call" for n in SIZES], rows))


SECTIONS = {"rest": rest, "batch": batch, "start": start, "engine": engine}


def floor_table(results):
    rows = [[what, f"{WORDS[relation]} {bound:g}{unit}", f"{number(value)}{unit}", "yes" if good else "**no**"]
            for what, value, relation, bound, unit, good in floors(results)]
    return table(["goal", "asked", "measured", "met"], rows)


def quiet(m):
    busy, load = m["busy_at_start"], m["load_at_start"][0]
    if busy < 0.1:
        return f"Nobody else used the processors when it began ({busy:.0%}; load average {load})."
    return (f"**Others used {busy:.0%} of the processors when it began (load average {load})**: the ratios hold, times "
            "and rates are worse than on a quiet machine.")


def markdown(results):
    m = results["machine"]
    where = (f"Measured {results['date']} at {results['commit']} on {m['cores']} cores of {m['cpu']} (family "
             f"{m['cpu_family']}, model {m['cpu_model']}, {m['simd']}{', a virtual machine' if m['virtual'] else ''}), "
             f"{m['memory_gib']} GiB, Linux {m['kernel']}. {quiet(m)} Medians of {results['pairs']} interleaved pairs. "
             f"{results['peers']}.\n")
    return "\n".join([where, floor_table(results),
                      *(SECTIONS[name](case) for name, case in results["cases"].items())])


def write_page(path, results):
    text = path.read_text()
    before, rest_of = text.split(BEGIN)
    after = rest_of.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{after}")
