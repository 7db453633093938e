#!/usr/bin/env python3
"""turnout score: files in, files out, and nothing half-written whatever happens."""
import calendar, contextlib, csv, json, os, pathlib, pty, re, resource, signal, stat, subprocess, time, unittest

from harness import (CONFIG, CUSTOMERS, DEADLINE, GOOD_ROW, MODEL, PROGRAM, ROOT, SANITIZED, Case, Process, Server,
                     main, turnout, wait_for)

HEADER = "customer_id,age,income,tenure_months,monthly_charges,plan\n"
ROW = "C-1042,42,55000.5,18,79.5,premium\n"
TIME = "2026-11-22T10:00:00Z"
SCORED = "1,0.5262933940868065,2026-11-22T10:00:00Z"  # what ROW gains
CHURN = ("score", "--endpoint", "churn", "--config", CONFIG)


class Score(Case):
    def setUp(self):
        self.work = self.folder()
        self.output = self.work / "out.csv"
        self.rejects = self.work / "out.csv.rejects.jsonl"

    def score(self, text=None, *more, path=None, **options):
        """Scores `text` (or the file `path`) to self.output."""
        if path is None:
            path = self.work / "in.csv"
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return turnout(*CHURN, "--input", path, "--output", self.output, "--job-time", TIME, *more, **options)

    def visible(self):
        return sorted(path.name for path in self.work.iterdir() if path.name != "in.csv")

    def check_refused(self, done, status, message):
        """It failed with this message, and nothing of it can be seen."""
        self.check_run(done, status, "", f"turnout: {message}\n")
        self.assertEqual(self.visible(), [])

    def test_customers(self):
        done = self.score(path=CUSTOMERS)
        self.check_run(done, 0, stderr="")
        given = (ROOT / CUSTOMERS).read_text().splitlines()
        scored = self.output.read_text().splitlines()
        self.assertEqual(scored[0], given[0] + ",churn_prediction,churn_probability,scored_at")
        rejected = {json.loads(line)["row"]: json.loads(line)["key"] for line in self.rejects.read_text().splitlines()}
        self.assertEqual(rejected, {row: f"C-{row:04}" for row in (101, 303, 505, 707, 909)})
        good = [line for row, line in enumerate(given[1:], 1) if row not in rejected]
        for source, line in zip(good, scored[1:], strict=True):
            self.assertTrue(line.startswith(source + ","), line)
            prediction, probability, when = line[len(source) + 1:].split(",")
            self.assertEqual(prediction, "1" if float(probability) > 0.5 else "0")
            self.assertEqual(when, TIME)
        summary = json.loads(done.stdout)
        self.assertEqual(done.stdout.count("\n"), 1)
        seconds, rate = summary.pop("seconds"), summary.pop("rows_per_second")
        self.assertGreater(seconds, 0)
        self.assertGreater(rate, 0)
        self.assertRegex(summary.pop("model_sha256"), r"^[0-9a-f]{64}$")
        self.assertEqual(summary, {
            "status": "ok", "endpoint": "churn", "model_version": "v2.1.0", "input": CUSTOMERS,
            "output": str(self.output), "rejects": str(self.rejects), "job_time": TIME, "rows": 1000, "scored": 995,
            "rejected": 5,
            "bytes_read": (ROOT / CUSTOMERS).stat().st_size, "bytes_written": self.output.stat().st_size})

    def test_same_answers_as_the_server(self):
        self.score(path=CUSTOMERS)
        server = self.started(Server())
        with self.output.open() as file, server.client() as client:
            for row in csv.DictReader(file):
                answer = client.ask("POST", "/predict", row).json()
                probability = float(row["churn_probability"])
                self.assertEqual(answer["prediction"], int(row["churn_prediction"]))
                self.assertEqual(answer["confidence"], max(probability, 1 - probability))

    def test_bytes_do_not_depend_on_threads(self):
        lines = (ROOT / CUSTOMERS).read_text().splitlines(keepends=True)
        many = "".join([lines[0]] + [line for _ in range(40) for line in lines[1:] + ["C-BAD,17,1,1,1,basic,web\n"]])
        written = set()
        for threads in (1, 2, 5):
            self.check_run(self.score(many, "--threads", threads), 0)
            written.add((self.output.read_bytes(), self.rejects.read_bytes()))
        self.assertEqual(len(written), 1)

    def test_job_time_is_now(self):
        source = self.work / "in.csv"
        source.write_text(HEADER + ROW)
        before = time.time()
        self.check_run(turnout(*CHURN, "--input", source, "--output", self.output), 0)
        stamp = self.output.read_text().rstrip("\n").rpartition(",")[2]
        when = calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))
        self.assertTrue(before - 1 <= when <= time.time(), stamp)

    def test_bad_rows_go_to_the_rejects(self):
        done = self.score(HEADER + ROW + "C-2,15,n/a,3,4,gold\n" + "C-3,42,1\n" + ROW + 'C-4,"42"x,1,1,1,basic\n' +
                          "C-5,,1,1,1,basic\n")
        self.check_run(done, 0, stderr="")
        self.assertEqual(self.output.read_text(), HEADER.rstrip("\n") + ",churn_prediction,churn_probability,scored_at\n" +
                         2 * f"{ROW.strip()},{SCORED}\n")
        self.assertEqual(self.rejects.read_text().splitlines(), [
            '{"row":2,"line":3,"key":"C-2","errors":['
            '{"field":"age","msg":"Age must be between 18 and 120","type":"greater_than_equal"},'
            '{"field":"income","msg":"Input should be a valid number","type":"float_type"},'
            '{"field":"plan","msg":"Unknown plan: gold","type":"enum"}]}',
            '{"row":3,"line":4,"key":null,"errors":'
            '[{"field":null,"msg":"3 cells, 6 expected","type":"ragged_row"}]}',
            '{"row":5,"line":6,"key":null,"errors":[{"field":null,"msg":"\\"age\\": text after the closing quote; '
            'quotes inside a quoted cell must be doubled","type":"csv_quote"}]}',
            '{"row":6,"line":7,"key":"C-5","errors":'
            '[{"field":"age","msg":"Field required","type":"missing"}]}'])
        summary = json.loads(done.stdout)
        self.assertEqual((summary["rows"], summary["scored"], summary["rejected"]), (6, 2, 4))
        self.assertEqual(summary["rejects"], str(self.rejects))

    def test_rejects_of_an_earlier_run_go(self):
        self.check_run(self.score(HEADER + ROW + "x\n"), 0)
        self.assertTrue(self.rejects.exists())
        self.check_run(self.score(HEADER + ROW), 0)
        self.assertEqual(self.visible(), ["out.csv"])

    def test_carriage_returns(self):
        self.check_run(self.score((HEADER + ROW).replace("\n", "\r\n")), 0)
        self.assertEqual(self.output.read_bytes().decode(),
                         HEADER.rstrip("\n") + ",churn_prediction,churn_probability,scored_at\r\n" +
                         f"{ROW.strip()},{SCORED}\r\n")

    def test_no_line_end_at_the_end(self):
        self.check_run(self.score(HEADER + ROW.rstrip("\n")), 0)
        self.assertTrue(self.output.read_text().endswith(f"{ROW.strip()},{SCORED}\n"))

    def test_quotes_stay_as_they_are(self):
        header = HEADER.rstrip("\n") + ",note\n"
        line = 'C-1042,42,55000.5,18,79.5,"premium","two\nlines, ""quoted"""'
        self.check_run(self.score(header + line + "\n"), 0)
        self.assertTrue(self.output.read_text().endswith(f"{line},{SCORED}\n"))

    def test_codes_under_the_alias(self):
        self.check_run(self.score(HEADER.replace("plan", "plan_encoded") + ROW.replace("premium", "2")), 0)
        self.assertIn(f",2,{SCORED}\n", self.output.read_text())

    def test_standard_input(self):
        self.check_run(self.score(path="-", stdin=(HEADER + ROW).encode()), 0, stderr="")
        self.assertIn(SCORED, self.output.read_text())

    def test_standard_output(self):
        source = self.work / "in.csv"
        source.write_text(HEADER + ROW)
        arguments = (*CHURN, "--input", source, "--output", "/dev/stdout", "--job-time", TIME)
        self.check_run(turnout(*arguments), 3, "", "turnout: /dev/stdout: not a regular file, so there is no place beside "
                                                   "it for rejected rows; name a file for them\n")
        done = turnout(*arguments, "--rejects", self.work / "bad.jsonl")
        self.check_run(done, 0)
        self.assertTrue(done.stdout.startswith(HEADER.rstrip("\n") + ",churn_prediction"), done.stdout)
        self.assertIn(SCORED, done.stdout)

    def test_missing_column(self):
        self.check_refused(
            self.score("customer_id,age,incomes,tenure_months,monthly_charges,plan\n" + ROW), 3,
            f'{self.work}/in.csv: column "income" is missing; the header has "customer_id", "age", "incomes", '
            '"tenure_months", "monthly_charges" and "plan"; did you mean "incomes" for "income"?')

    def test_empty_file(self):
        self.check_refused(self.score(""), 3,
                           f"{self.work}/in.csv: the file is empty; its first line must name the columns")

    def test_header_alone(self):
        done = self.score(HEADER)
        self.check_run(done, 0, stderr="")
        self.assertEqual(json.loads(done.stdout)["rows"], 0)
        self.assertEqual(self.output.read_text(),
                         HEADER.rstrip("\n") + ",churn_prediction,churn_probability,scored_at\n")

    def test_no_row_is_good(self):
        self.check_refused(self.score(HEADER + ROW.replace("42", "old") * 5), 3,
                           "5 of 5 rows were rejected, so nothing was written; the first: "
                           "line 2: age: Input should be a valid integer; line 3: age: Input should be a valid integer; "
                           "line 4: age: Input should be a valid integer")

    def test_too_many_rejects(self):
        done = self.score(HEADER + (ROW + "x\n") * 3, "--max-rejects", 2)
        self.check_run(done, 3, "", re.compile(r"turnout: 3 of \d rows were rejected, so nothing was written; .*\n"))
        self.assertEqual(self.visible(), [])
        self.check_run(self.score(HEADER + (ROW + "x\n") * 3, "--max-rejects", 3), 0)

    def test_no_such_input(self):
        self.check_refused(self.score(path="no/such.csv"), 4, "no/such.csv: cannot open: No such file or directory")

    def test_no_such_folder_for_the_output(self):
        self.output = self.work / "none" / "out.csv"
        done = self.score(HEADER + ROW)
        self.check_run(done, 4, "", re.compile(rf"turnout: {self.work}/none/out\.csv\.part-\d+: cannot create: "
                                               r"No such file or directory\n"))

    def test_unknown_endpoint(self):
        done = turnout("score", "--endpoint", "chrun", "--config", CONFIG, "--input", CUSTOMERS, "--output", self.output)
        self.check_refused(done, 3, f"{CONFIG}: there is no endpoint 'chrun'; there are: churn")

    def test_bare_model(self):
        source = self.work / "in.csv"
        source.write_text("age,income,tenure_months,monthly_charges,plan\n42,55000.5,18,79.5,2\n")
        done = turnout("score", "--model", MODEL, "--input", source, "--output", self.output, "--job-time", TIME)
        self.check_run(done, 0, stderr="")
        self.assertEqual(self.output.read_text(),
                         "age,income,tenure_months,monthly_charges,plan,prediction,probability_0,probability_1,scored_at\n"
                         f"42,55000.5,18,79.5,2,1,0.47370660591319347,0.5262933940868065,{TIME}\n")

    # ---- nothing half-written ----

    def big(self, rows=200_000):
        path = self.work / "in.csv"
        with path.open("w") as file:
            file.write(HEADER)
            for _ in range(rows // 1000):
                file.write(ROW * 1000)
        return path

    def test_no_room_on_the_disk(self):
        self.mounted = self.work / "disk"
        self.mounted.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.mounted],
                                               capture_output=True).returncode != 0:
            self.skipTest("a small disk can't be mounted here")
        self.addCleanup(subprocess.run, ["umount", self.mounted], check=True)
        self.output = self.mounted / "out.csv"
        self.output.write_text("of an earlier run\n")
        self.check_run(self.score(path=self.big()), 4, "",
                       f"turnout: {self.output}: cannot write: No space left on device\n")
        self.assertEqual([path.name for path in self.mounted.iterdir()], ["out.csv"])
        self.assertEqual(self.output.read_text(), "of an earlier run\n")

    def test_file_that_may_not_grow(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        done = self.score(path=self.big(), preexec_fn=limit)
        self.check_refused(done, 4, f"{self.output}: cannot write: File too large")

    def begun(self):
        """A job whose input has begun and does not end, and that has written something."""
        pipe = self.work / "pipe"
        os.mkfifo(pipe)
        job = self.started(Process(*CHURN, "--input", pipe, "--output", self.output))
        feed = open(pipe, "wb")  # waits for the job to open it
        self.addCleanup(feed.close)
        feed.write((HEADER + ROW * 60_000).encode())
        feed.flush()
        wait_for("something is written", lambda: any(path.stat().st_size for path in self.parts()))
        return job

    def parts(self):
        return list(self.work.glob("out.csv.part-*"))

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                job = self.begun()
                job.signal(number)
                self.assertEqual(job.wait(), 128 + number, job.text())
                self.assertRegex(job.text(), r"^turnout: stopped after \d+ rows; nothing was written$")
                (self.work / "pipe").unlink()
                self.assertEqual(self.visible(), [])

    def test_killed(self):
        job = self.begun()
        job.signal(signal.SIGKILL)
        self.assertEqual(job.wait(), -signal.SIGKILL)
        self.assertFalse(self.output.exists())
        self.assertEqual(len(self.parts()), 1)
        self.check_run(self.score(HEADER + ROW), 0)  # the next run tidies up
        (self.work / "pipe").unlink()
        self.assertEqual(self.visible(), ["out.csv"])

    def test_two_jobs_for_one_output(self):
        job = self.begun()
        self.check_run(self.score(HEADER + ROW), 0)
        self.assertEqual(len(self.parts()), 1, "the other job's file is its own")
        job.signal(signal.SIGINT)
        self.assertEqual(job.wait(), 130)
        self.assertIn(SCORED, self.output.read_text())

    # ---- people and machines ----

    def on_a_terminal(self, *more):
        """What is seen on standard error when that is a terminal."""
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", buffering=0) as screen:
            child = subprocess.Popen([PROGRAM, *map(str, (*CHURN, "--input", self.big(), "--output", self.output, *more))],
                                     cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
            os.close(theirs)
            seen = b""
            with contextlib.suppress(OSError):  # EIO: the terminal's other side is closed
                while part := screen.read(65536):
                    seen += part
            out, _ = child.communicate(timeout=DEADLINE)
        self.assertEqual(child.returncode, 0)
        self.assertEqual(json.loads(out)["rows"], 200_000)
        return seen.decode()

    def test_progress_on_a_terminal(self):
        seen = self.on_a_terminal()
        self.assertIn("200.0 k rows", seen)
        self.assertIn("100 %", seen)

    def test_quiet_on_a_terminal(self):
        self.assertEqual(self.on_a_terminal("--quiet"), "")

    def test_memory_does_not_grow_with_the_file(self):
        if SANITIZED:
            self.skipTest("nothing is asserted about time and memory with sanitizers")
        path = self.big(rows=1_000_000)  # made in pieces: a child counts its parent's memory as its own at first
        child = subprocess.Popen([PROGRAM, *map(str, (*CHURN, "--input", path, "--output", self.output, "--threads", 2))],
                                 cwd=ROOT, stdout=subprocess.PIPE)
        out = child.stdout.read()
        child.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        summary = json.loads(out)
        print(f"1 M rows ({path.stat().st_size / 1e6:.0f} MB): {usage.ru_maxrss / 1024:.0f} MB of memory, "
              f"{summary['rows_per_second'] / 1e6:.2f} M rows/s")
        self.assertEqual(summary["scored"], 1_000_000)
        self.assertLess(usage.ru_maxrss, 64 * 1024)  # KiB


if __name__ == "__main__":
    main()
