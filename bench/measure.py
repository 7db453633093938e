"""What every case measures with: processes on chosen cores, their CPU time and memory, medians, the machine."""
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import random
import signal
import socket
import statistics
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHURN = ROOT / "examples/churn"
PYTHON = ROOT / ".deps/py-bench/bin/python"
TICK = 1 / os.sysconf("SC_CLK_TCK")
# The server has a core of its own, and so has what loads it.
SERVER_CORE, CLIENT_CORE = sorted(os.sched_getaffinity(0))[:2] if len(os.sched_getaffinity(0)) > 1 else (0, 0)
GOOD_ROW = {"customer_id": "C-1042", "age": 42, "income": 55000.5, "tenure_months": 18, "monthly_charges": 79.5,
            "plan": "premium"}


@dataclasses.dataclass
class Options:
    turnout: pathlib.Path
    engine_bench: pathlib.Path
    folder: pathlib.Path  # temporary
    pairs: int = 5
    seconds: float = 4  # of one load run
    rows: int = 10_000_000
    pair_rows: int = 2_000_000
    starts: int = 20


def say(text):
    print(text, flush=True)


def median(values):
    return statistics.median(values)


def busy_share(seconds=2):
    """How much of the processors others use, now: measured before anything of ours runs."""
    def ticks():
        user, nice, system, idle, waiting, *rest = map(
            int, pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:])
        return idle + waiting, user + nice + system + idle + waiting + sum(rest[:3])  # rest: irq, softirq, stolen
    idle, total = ticks()
    time.sleep(seconds)
    idle_after, total_after = ticks()
    return 1 - (idle_after - idle) / max(1, total_after - total)


def machine():
    def first(path, key):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
        return "unknown"

    cpu = first("/proc/cpuinfo", "model name")
    family, model = first("/proc/cpuinfo", "cpu family"), first("/proc/cpuinfo", "model\t")
    flags = first("/proc/cpuinfo", "flags").split()
    return {
        "cpu": cpu, "cpu_family": family, "cpu_model": model,
        "simd": next((name for flag, name in [("avx512vbmi", "AVX-512 VBMI"), ("avx512f", "AVX-512"), ("avx2", "AVX2")]
                      if flag in flags), "SSE"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "virtual": "hypervisor" in flags,
        "kernel": platform.release(),
        "load_at_start": [round(x, 2) for x in os.getloadavg()],
        "busy_at_start": round(busy_share(), 3),
    }


def free_port():
    """Below the ports that the kernel gives to clients: one of those, asked again and again while nobody listens, would
    sooner or later be connected to itself."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise SystemExit("bench: no free port between 20000 and 30000")


def pinned(core, *command):
    return ["taskset", "-c", str(core), *map(str, command)]


def process_tree(pid):
    pids = [pid]
    for parent in pids:
        with contextlib.suppress(FileNotFoundError):
            pids += map(int, pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
    return pids


def cpu_seconds(pid):
    """User and kernel time of a process and its children, so far; in steps of 10 ms."""
    ticks = 0
    for p in process_tree(pid):
        fields = pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * TICK


def memory_mb(pid):
    """Resident memory of a process, and its part that belongs to no file."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024, int(status["RssAnon"].split()[0]) / 1024


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


@contextlib.contextmanager
def serving(name, command, port, folder, ready=lambda url: post(url + "/predict", GOOD_ROW), timeout=60):
    """A server on 127.0.0.1:port, from when it answers until the end of the block."""
    log = folder / f"{name}.log"
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + timeout
        while True:
            try:
                ready(url)
                break
            except OSError as problem:  # refused, or 503 while loading
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"bench: {name} does not answer ({problem}):\n{log.read_text()[-2000:]}")
                time.sleep(0.05)
        yield process.pid, url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def server_config(folder, port, threads=1):
    """The example's configuration, on another port and with so many event loops."""
    path = folder / f"server-{port}.yaml"
    text = (CHURN / "server.yaml").read_text()
    for name in ("contract.yaml", "models/"):
        text = text.replace(f" {name}", f" {CHURN / name}{'/' if name.endswith('/') else ''}")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    path.write_text(text + f"threads: {threads}\n")
    return path


def uvicorn(port):
    return [PYTHON, "-m", "uvicorn", "--app-dir", ROOT / "bench/peers", "fastapi_churn:app", "--host", "127.0.0.1",
            "--port", port, "--workers", "1", "--loop", "uvloop", "--http", "httptools", "--no-access-log",
            "--log-level", "warning"]
