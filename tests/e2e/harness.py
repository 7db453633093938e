"""What the end-to-end tests share: the real program, started and stopped, asked over real sockets.

A file of tests is a program: `tests/e2e/serve_test.py [CASE...]` runs its cases (unittest) against BUILD (default:
build). tools/test runs all of them. Nothing here sleeps for a time: it waits for states, each with a deadline.
"""
import contextlib, csv, json, os, pathlib, queue, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
PROGRAM = str(BUILD / "bin" / "turnout")
# Sanitizers cost time and memory: what a test says of either is then not asserted.
SANITIZED = os.environ.get("SANITIZED") == "1"
DEADLINE = 60.0 if SANITIZED else 20.0  # seconds; for one state

CONFIG = "examples/churn/server.yaml"
MODEL = "examples/churn/models/churn-v2.1.0.pkl"
CUSTOMERS = "examples/churn/customers.csv"
GOOD_ROW = {"customer_id": "C-1042", "age": 42, "income": 55000.5, "tenure_months": 18, "monthly_charges": 79.5,
            "plan": "premium"}


def turnout(*arguments, stdin=b"", timeout=DEADLINE * 3, **options):
    """Runs the program to its end; the result has returncode, stdout and stderr as text."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=ROOT, input=stdin, capture_output=True,
                          timeout=timeout, **options)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def wait_for(what, condition, seconds=DEADLINE):
    """The first true value of condition(), asked again until the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        pause.wait(0.005)


class Process:
    """The program, running; its standard error is read all the time, line by line."""

    def __init__(self, *arguments, **options):
        self.started = time.monotonic()
        self.child = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=ROOT, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.log, self._lines = [], queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stderr:
            self.log.append(line.rstrip("\n"))
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for_line(self, pattern, seconds=DEADLINE):
        """The match of the next line of standard error that has `pattern`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with {pattern!r} within {seconds:.0f} s; the log:\n{self.text()}")
            if line is None:
                raise AssertionError(f"it ended without a line with {pattern!r}; the log:\n{self.text()}")
            if match := re.search(pattern, line):
                return match

    def text(self):
        return "\n".join(self.log)

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=DEADLINE):
        """The exit status; of a process that a signal ended, minus its number."""
        status = self.child.wait(seconds)
        self._reader.join(seconds)
        return status

    def stop(self):
        """Ends it however it can be ended."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self._reader.join()
        self.child.stdout.close()
        self.child.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


class Server(Process):
    """`turnout serve TARGET` on a free port, ready."""

    def __init__(self, target=CONFIG, *arguments, **options):
        super().__init__("serve", target, "--listen", "127.0.0.1:0", *arguments, **options)
        try:
            self.port = int(self.wait_for_line(r" serving .*docs=http://127\.0\.0\.1:(\d+)/docs")[1])
        except AssertionError:
            self.stop()
            raise

    def client(self):
        return Client(self.port)

    def ask(self, method, target, body=None, **fields):
        with self.client() as client:
            return client.ask(method, target, body, **fields)

    def metrics(self):
        """{'name{labels}': value}"""
        lines = self.ask("GET", "/metrics").body.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines
                if line and not line.startswith("#")}


class Reply:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)


class Client:
    """One HTTP/1.1 connection that stays open."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.file = self.socket.makefile("rb")

    @staticmethod
    def request(method, target, body=None, **fields):
        """The bytes of a request; a body that is no text is sent as JSON."""
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        data = b""
        if body is not None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        return "\r\n".join([*lines, "", ""]).encode() + data

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The next reply; None where the server has closed instead."""
        status = self.file.readline().decode()
        if not status:
            return None
        fields = {}
        while (line := self.file.readline().decode().rstrip("\r\n")):
            name, _, value = line.partition(": ")
            fields[name.lower()] = value
        body = self.file.read(int(fields.get("content-length", 0))).decode()
        return Reply(int(status.split()[1]), fields, body)

    def ask(self, method, target, body=None, **fields):
        self.send(self.request(method, target, body, **fields))
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Case(unittest.TestCase):
    maxDiff = None

    def folder(self):
        """A temporary folder of this case."""
        path = tempfile.mkdtemp(prefix="turnout-e2e-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return pathlib.Path(path)

    def started(self, process):
        self.addCleanup(process.stop)
        return process

    def check_run(self, done, status, stdout=None, stderr=None):
        """stdout, stderr: the exact text, or a compiled expression that must match all of it; None: not looked at."""
        self.assertEqual(done.returncode, status, f"stdout: {done.stdout}\nstderr: {done.stderr}")
        for got, expected in ((done.stdout, stdout), (done.stderr, stderr)):
            if isinstance(expected, re.Pattern):
                self.assertTrue(expected.fullmatch(got), f"{got!r}\ndoes not match\n{expected.pattern!r}")
            elif expected is not None:
                self.assertEqual(got, expected)


class Reporting(unittest.TextTestResult):
    """A line for each case as it ends, and what tools/test reads."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = {}

    def startTest(self, test):
        super().startTest(test)
        self.since = time.monotonic()
        self.note(test, "passed")

    def stopTest(self, test):
        super().stopTest(test)
        case = self.cases[test.id()]
        print(f"{case['result']:<8} {case['name']}  {time.monotonic() - self.since:.2f} s", flush=True)

    def note(self, test, result, reason=""):
        name = re.sub(r"^__main__\.", "", test.id())
        self.cases[test.id()] = {"name": name, "result": result, "reason": reason}

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, "failed")

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.note(test, "failed")


def main():
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=0, resultclass=Reporting)
    program = unittest.main(module="__main__", testRunner=runner, exit=False, argv=sys.argv)
    if report := os.environ.get("TURNOUT_TEST_REPORT"):
        pathlib.Path(report).write_text(json.dumps(list(program.result.cases.values())))
    sys.exit(not program.result.wasSuccessful())
