"""From exec to the first correct answer, and memory then; against the same endpoint in FastAPI."""
import json
import os
import re
import signal
import socket
import time

from measure import GOOD_ROW, free_port, median, memory_mb, say, server_config, uvicorn

BODY = json.dumps(GOOD_ROW).encode()
REQUEST = (b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           b"Content-Length: %d\r\n\r\n" % len(BODY)) + BODY


def answer(port):
    """The reply's body; None: nobody listens yet, or it is still loading.

    The client closes first, and each start has a port of its own: where a server has closed first, the kernel
    remembers the pair of ports for a minute, and the next connection with the same pair may wait a second.
    """
    with socket.socket() as s:
        s.settimeout(10)
        try:
            s.connect(("127.0.0.1", port))
            s.sendall(REQUEST)
            head, _, body = s.recv(65536).partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            while length and len(body) < int(length[1]):
                if not (more := s.recv(65536)):
                    return None
                body += more
        except ConnectionError:
            return None
    return json.loads(body) if head.startswith(b"HTTP/1.1 200") else None


def ended(pid):
    """Without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def once(command, port, log):
    command = list(map(str, command))
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    start = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ,
                         file_actions=[(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)])
    try:
        while (reply := answer(port)) is None:
            if time.monotonic() - start > 60 or ended(pid):
                raise SystemExit(f"bench: {command[0]} did not answer; see {log}")
            time.sleep(50e-6)
        seconds = time.monotonic() - start
        if reply["customer_id"] != GOOD_ROW["customer_id"] or reply["confidence"] != 0.5262933940868065:
            raise SystemExit(f"bench: {command[0]} answered {reply}")
        resident, anonymous = memory_mb(pid)
    finally:
        os.close(out)
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    return {"ms": seconds * 1e3, "resident_mb": resident, "anonymous_mb": anonymous}


def run(options):
    commands = {"turnout": lambda port: [options.turnout, "serve", server_config(options.folder, port, threads=0)],
                "fastapi": uvicorn}
    samples = {name: [] for name in commands}
    peer_every = max(1, options.starts // options.pairs)
    for i in range(options.starts):
        for name in commands if i % peer_every == 0 else ["turnout"]:
            port = free_port()
            samples[name].append(once(commands[name](port), port, options.folder / f"start-{name}.log"))
    medians = {name: {key: median([s[key] for s in of]) for key in of[0]} for name, of in samples.items()}
    for name, of in medians.items():
        say("  {:<24} {:8.1f} ms to the first answer (median of {}, {:.1f} to {:.1f})  {:6.1f} MB resident, {:.1f} of them "
            "its own".format({"turnout": "Turnout", "fastapi": "FastAPI + scikit-learn"}[name], of["ms"],
                             len(samples[name]), min(s["ms"] for s in samples[name]),
                             max(s["ms"] for s in samples[name]), of["resident_mb"], of["anonymous_mb"]))
    return {
        "samples": samples, "medians": medians,
        "ratios": {key: medians["fastapi"][key] / medians["turnout"][key] for key in ("ms", "resident_mb")},
        "floors": [("from start to the first correct answer", medians["turnout"]["ms"], "<", 50, " ms"),
                   ("resident after it", medians["turnout"]["resident_mb"], "<", 30, " MB")],
    }
