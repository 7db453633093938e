"""Open-loop load: requests leave on a schedule, whether or not answers have come; nothing of it waits for the server.

    with Load(port, rate=2000) as load: ...           # load.answers: (seconds, status, version, generation)
"""
import random, re, socket, threading, time

from harness import DEADLINE, GOOD_ROW, Client

REPLY = re.compile(rb"HTTP/1\.1 (\d+) .*?\r\n(.*?)\r\n\r\n", re.S)
LENGTH = re.compile(rb"(?i)content-length: (\d+)")
VERSION = re.compile(rb"X-Turnout-Version: ([^\r]*)")
GENERATION = re.compile(rb"X-Turnout-Generation: (\d+)")
EVERY = 0.01  # seconds between two sends


class Load:
    def __init__(self, port, rate=2000, keys=500, connections=4, tolerate_restart=False):
        self.port, self.rate, self.connections = port, rate, connections
        self.requests = [Client.request("POST", "/predict", GOOD_ROW | {"customer_id": f"K-{i}"}) for i in range(keys)]
        self.answers, self.broken, self.sent = [], [], 0
        self.tolerate_restart = tolerate_restart  # a connection that breaks is opened again and is no failure
        self._stop, self._threads, self._lock = threading.Event(), [], threading.Lock()

    def __enter__(self):
        for number in range(self.connections):
            thread = threading.Thread(target=self._run, args=(random.Random(number),), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self):
        self._stop.set()

    def __exit__(self, *_):
        self.stop()
        for thread in self._threads:
            thread.join(DEADLINE)

    def count(self, condition):
        return sum(1 for answer in list(self.answers) if condition(answer))

    def failed(self):
        return [answer for answer in self.answers if answer[1] != 200] + self.broken

    def _run(self, pick):
        while not self._stop.is_set():
            try:
                self._connection(pick)
            except OSError as error:
                if not self.tolerate_restart:
                    self.broken.append(repr(error))
                    return
                self._stop.wait(0.01)

    def _connection(self, pick):
        """Sends on the schedule until the end, then reads what is still to come."""
        state = {"sent": 0, "read": 0, "error": None}
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            reader = threading.Thread(target=self._read, args=(connection, state), daemon=True)
            reader.start()
            start = time.monotonic()
            while not self._stop.is_set() and state["error"] is None:
                due = int((time.monotonic() - start) * self.rate / self.connections) - state["sent"]
                if due > 0:
                    connection.sendall(b"".join(pick.choice(self.requests) for _ in range(due)))
                    state["sent"] += due
                self._stop.wait(EVERY)
            with self._lock:
                self.sent += state["sent"]
            connection.shutdown(socket.SHUT_WR)
            reader.join(DEADLINE)
            if state["error"] or state["read"] != state["sent"]:
                raise ConnectionError(str(state))

    def _read(self, connection, state):
        pending = b""
        try:
            while data := connection.recv(1 << 16):
                pending += data
                at = 0
                while match := REPLY.match(pending, at):
                    end = match.end() + int(LENGTH.search(match[2])[1])
                    if end > len(pending):
                        break
                    version, generation = VERSION.search(match[2]), GENERATION.search(match[2])
                    self.answers.append((time.monotonic(), int(match[1]), version[1].decode() if version else "",
                                         int(generation[1]) if generation else 0))
                    state["read"] += 1
                    at = end
                pending = pending[at:]
        except OSError as error:
            state["error"] = repr(error)
