#!/usr/bin/env python3
"""/metrics of a server that has answered, under `promtool check metrics`. Without promtool it says so and ends well."""
import shutil, subprocess, sys

from harness import GOOD_ROW, Server

if not shutil.which("promtool"):
    print("not run: there is no promtool here (Debian's package prometheus has it)")
    sys.exit(0)
with Server() as server:
    server.ask("POST", "/predict", GOOD_ROW)
    server.ask("POST", "/predict", {**GOOD_ROW, "age": 1})
    server.ask("POST", "/predict/batch", [GOOD_ROW])
    text = server.ask("GET", "/metrics").body
done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
print(done.stdout + done.stderr, end="")
print(f"{sum(1 for line in text.splitlines() if line[:1] not in ('', '#'))} series")
sys.exit(done.returncode)
