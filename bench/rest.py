"""POST /predict on one core: CPU per request, requests per second, latency; against FastAPI + scikit-learn."""
import contextlib
import json
import subprocess

from measure import (CHURN, CLIENT_CORE, ROOT, SERVER_CORE, cpu_seconds, free_port, median, memory_mb, pinned, post, say,
                     serving, server_config, uvicorn)
import sys

sys.path.insert(0, str(CHURN))
from make_rows import customers  # noqa: E402

CONNECTIONS = 32
BODIES = 256
NAMES = {"turnout": "Turnout", "fastapi": "FastAPI + scikit-learn", "nginx": "nginx, static reply"}


def bodies():
    rows = []
    for i, (age, income, tenure, charges, plan, _) in enumerate(customers(BODIES, seed=7), start=1):
        rows.append({"customer_id": f"C-{i:04}", "age": age, "income": income, "tenure_months": tenure,
                     "monthly_charges": charges, "plan": plan})
    return rows


def check_equal(urls, rows):
    """Both must give the same answers, to the last bit, and refuse the same row, before their speed is compared."""
    for row in rows:
        ours, theirs = (post(urls[name] + "/predict", row) for name in ("turnout", "fastapi"))
        for answer in (ours, theirs):
            answer.pop("latency_ms")
        if ours != theirs:
            raise SystemExit(f"bench: the answers differ for {row}:\n  {ours}\n  {theirs}")


def load(url, connections, seconds, lines):
    out = subprocess.run(
        pinned(CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s",
               ROOT / "bench/predict.lua", url, "--", lines),
        check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    figures = json.loads(out.splitlines()[-1])
    if figures["not_200"] or figures["failed"]:
        raise SystemExit(f"bench: {url}: {figures}")
    return figures


def run(options):
    rows = bodies()
    lines = options.folder / "bodies.txt"
    lines.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    ports = {name: free_port() for name in NAMES}
    home = options.folder / "nginx"  # of its own: started by root, it gives the folder to its worker's user
    home.mkdir()
    nginx = home / "nginx.conf"
    nginx.write_text((ROOT / "bench/peers/nginx.conf").read_text()
                     .replace("@PORT@", str(ports["nginx"])).replace("@FOLDER@", str(home)))
    commands = {
        "turnout": [options.turnout, "serve", server_config(options.folder, ports["turnout"])],
        "fastapi": uvicorn(ports["fastapi"]),
        "nginx": ["nginx", "-c", nginx, "-p", home, "-e", home / "start.log"],
    }
    samples = {name: [] for name in NAMES}
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(
            serving(name, pinned(SERVER_CORE, *command), ports[name], options.folder))
            for name, command in commands.items()}
        check_equal({name: url for name, (_, url) in servers.items()}, rows)
        for name, (_, url) in servers.items():  # warm
            load(url, CONNECTIONS, 1, lines)
        for pair in range(options.pairs):
            for name in list(NAMES) if pair % 2 == 0 else reversed(NAMES):
                pid, url = servers[name]
                before = cpu_seconds(pid)
                full = load(url, CONNECTIONS, options.seconds, lines)
                used = cpu_seconds(pid) - before
                alone = load(url, 1, max(1, options.seconds / 3), lines)
                samples[name].append({
                    "cpu_us": used / full["requests"] * 1e6,
                    "rps": full["requests"] / full["seconds"],
                    "busy": used / full["seconds"],
                    "p50_us": full["p50_us"], "p99_us": full["p99_us"],
                    "alone_p50_us": alone["p50_us"], "alone_p99_us": alone["p99_us"]})
                say("  {:<24} {:9.2f} us CPU  {:9.0f} requests/s  p50 {:8.0f} us  p99 {:8.0f} us   (one connection: "
                    "p50 {:.0f}, p99 {:.0f} us)".format(NAMES[name], *(samples[name][-1][key] for key in (
                        "cpu_us", "rps", "p50_us", "p99_us", "alone_p50_us", "alone_p99_us"))))
        memory = {name: memory_mb(servers[name][0])[0] for name in ("turnout", "fastapi")}
    medians = {name: {key: median([s[key] for s in of]) for key in of[0]} for name, of in samples.items()}

    def ratio(key, better):
        """Of pairs: each run with the one beside it."""
        pairs = zip(samples["fastapi"], samples["turnout"])
        return median([(theirs[key] / ours[key]) if better == "less" else ours[key] / theirs[key]
                       for theirs, ours in pairs])

    return {
        "connections": CONNECTIONS, "medians": medians, "samples": samples, "memory_mb": memory,
        "ratios": {"cpu": ratio("cpu_us", "less"), "rps": ratio("rps", "more"), "p50": ratio("p50_us", "less"),
                   "p99": ratio("p99_us", "less")},
        "floors": [
            ("less CPU per POST /predict than FastAPI + scikit-learn", ratio("cpu_us", "less"), ">=", 25, "x"),
            ("requests/s per core of FastAPI + scikit-learn", ratio("rps", "more"), ">=", 25, "x"),
            ("p99 with 32 connections, FastAPI's over ours", ratio("p99_us", "less"), ">", 1, "x"),
        ],
    }
