#!/usr/bin/env python3
"""turnout stream between real topics. What happens inside a job at every moment is tested in src/stream; here the program
is started, stopped, killed, and left without its broker."""
import csv, json, re, signal, unittest

from harness import CUSTOMERS, DEADLINE, ROOT, Case, Process, Server, main, wait_for
from kafka import Kafka

PARTITIONS = 2
CONFIG = """\
endpoints:
  churn: {{contract: {root}/examples/churn/contract.yaml, versions: {{v2.1.0: {{model: {root}/examples/churn/models/churn-v2.1.0.pkl}}}}}}
streams:
  churn:
    endpoint: churn
    brokers: {brokers}
    input: {name}-in
    output: {name}-out
    dead_letters: {name}-dead
    kafka: {{producer.compression.type: none, consumer.session.timeout.ms: 3000, consumer.heartbeat.interval.ms: 500}}
"""


class Stream(Case):
    topics = 0

    @classmethod
    def setUpClass(cls):
        cls.kafka = Kafka()
        cls.addClassCleanup(cls.kafka.stop)
        with (ROOT / CUSTOMERS).open() as file:
            cls.customers = list(csv.DictReader(file))

    def setUp(self):
        Stream.topics += 1
        self.name = f"case-{Stream.topics}"
        for kind in ("in", "out", "dead"):
            self.kafka.topic(f"{self.name}-{kind}", PARTITIONS)
        self.config = self.folder() / "server.yaml"
        self.config.write_text(CONFIG.format(root=ROOT, brokers=self.kafka.address, name=self.name))

    def send(self, messages):
        """(key, value) as bytes; every key has its partition."""
        for partition in range(PARTITIONS):
            mine = [message for message in messages if hash(message[0]) % PARTITIONS == partition]
            for at in range(0, len(mine), 1000):
                self.kafka.produce(f"{self.name}-in", partition, mine[at:at + 1000])

    def rows(self, number):
        """Good and bad customers again and again, each under a key of its own."""
        return [(b"key-%d" % index, json.dumps({**self.customers[index % 1000], "customer_id": f"{index}"}).encode())
                for index in range(number)]

    def stream(self, *more):
        return self.started(Process("stream", self.config, *more))

    def summary(self, process, status=0):
        self.assertEqual(process.wait(DEADLINE * 3), status, process.text())
        return json.loads(process.child.stdout.read())

    def answers(self):
        return self.kafka.read(f"{self.name}-out", PARTITIONS)

    def dead(self):
        return self.kafka.read(f"{self.name}-dead", PARTITIONS)

    def answered_until_now(self):
        return sum(self.kafka.end(f"{self.name}-out", partition) for partition in range(PARTITIONS))

    def check_all_answered(self, number):
        """Every good row at least once, every bad one among the dead letters, every answer with its key's content."""
        bad = {b"key-%d" % index for index in range(number) if index % 1000 in (100, 302, 504, 706, 908)}
        answers = self.answers()
        self.assertEqual({key for key, _, _ in answers}, {b"key-%d" % index for index in range(number)} - bad)
        self.assertEqual({key for key, _, _ in self.dead()}, bad)
        for key, value, _ in answers:
            self.assertEqual(json.loads(value)["customer_id"], key.decode()[4:])
        return len(answers) - number + len(bad)

    def test_answers_are_those_of_the_server(self):
        messages = self.rows(1000)
        self.send(messages)
        summary = self.summary(self.stream("--until-end"))
        self.assertEqual((summary["status"], summary["endpoint"], summary["model_version"]), ("ok", "churn", "v2.1.0"))
        self.assertEqual((summary["messages"], summary["answered"], summary["dead_letters"], summary["unfinished"]),
                         (1000, 995, 5, 0))
        self.assertEqual(self.check_all_answered(1000), 0)
        by_key = {key: (json.loads(value), headers) for key, value, headers in self.answers()}
        server = self.started(Server())
        with server.client() as client:
            for key, value in messages:
                if key not in by_key:
                    continue
                answer, headers = by_key[key]
                expected = client.ask("POST", "/predict", value.decode()).json()
                self.assertEqual(list(answer), list(expected))
                answer.pop("latency_ms"), expected.pop("latency_ms")
                self.assertEqual(answer, expected)
                self.assertRegex(headers["turnout-source"].decode(), rf"^{self.name}-in/[01]/\d+$")
                self.assertEqual(headers["turnout-version"], b"v2.1.0")

    def test_dead_letters_say_why(self):
        bad = {b"json": b'{"age": ', b"none": b"", b"text": b"\xff\xfe", b"list": b"[]",
               b"age": json.dumps({**self.customers[0], "age": 15}).encode()}
        self.send(list(bad.items()) + self.rows(10))
        summary = self.summary(self.stream("--until-end"))
        self.assertEqual((summary["answered"], summary["dead_letters"]), (10, 5))
        letters = {key: (json.loads(value), headers) for key, value, headers in self.dead()}
        self.assertEqual(letters.keys(), bad.keys())
        for key, (letter, headers) in letters.items():
            self.assertEqual(letter["topic"], f"{self.name}-in")
            self.assertGreaterEqual(letter["offset"], 0)
            self.assertTrue(letter["errors"][0]["msg"], key)
            self.assertEqual(headers["turnout-error"].decode(), letter["errors"][0]["type"])
        self.assertEqual(letters[b"age"][0]["errors"], [
            {"field": "age", "msg": "Age must be between 18 and 120", "type": "greater_than_equal"}])
        self.assertEqual(letters[b"age"][0]["value"], bad[b"age"].decode())
        self.assertEqual(letters[b"text"][0]["value_base64"], "//4=")

    def test_goes_on_where_it_stopped(self):
        self.send(self.rows(500))
        job = self.stream()
        wait_for("all are answered", lambda: self.answered_until_now() >= 498)
        job.signal(signal.SIGTERM)
        summary = self.summary(job)
        self.assertEqual((summary["messages"], summary["answered"], summary["unfinished"]), (500, 498, 0))
        self.send([(b"later-%d" % index, self.rows(1)[0][1]) for index in range(7)])
        self.assertEqual(self.summary(self.stream("--until-end"))["messages"], 7)

    def test_killed_and_without_its_broker(self):
        """The job is killed half-way, the broker too; both come back, and nothing is missing."""
        number = 30_000
        self.send(self.rows(number))
        job = self.stream()
        wait_for("it has begun", lambda: self.answered_until_now() > 0)
        job.signal(signal.SIGKILL)
        self.assertEqual(job.wait(), -signal.SIGKILL)
        before = self.answered_until_now()
        job = self.stream("--until-end")
        wait_for("it goes on", lambda: self.answered_until_now() > before)
        self.kafka.kill()
        job.wait_for_line(r"(?i)broker|disconnected|transport|connect")
        self.kafka.start()
        self.assertEqual(self.summary(job)["unfinished"], 0)
        repeated = self.check_all_answered(number)
        print(f"{before} of {number} were answered when it was killed; {repeated} were answered twice")

    def test_ends_without_a_broker(self):
        self.config.write_text(CONFIG.format(root=ROOT, brokers="127.0.0.1:1", name=self.name))
        job = self.stream()
        job.wait_for_line(r"127\.0\.0\.1:1\b.*(refused|[Cc]onnect|down)")
        self.assertIsNone(job.child.poll(), "a broker that is away is waited for")
        job.signal(signal.SIGTERM)
        self.assertEqual(self.summary(job)["messages"], 0)

    def test_topic_that_is_not_there(self):
        self.config.write_text(self.config.read_text().replace("-out", "-none"))
        job = self.stream()
        self.assertEqual(job.wait(), 4, job.text())
        self.assertRegex(job.text(), rf"(?m)^turnout: .*{self.name}-none does not exist on {self.kafka.address}; "
                                     "create it first$")

    def test_misspelt_property(self):
        self.config.write_text(self.config.read_text().replace("producer.compression", "producer.compresion"))
        job = self.stream()
        self.assertEqual(job.wait(), 3, job.text())
        self.assertRegex(job.text(), r"(?m)^turnout: .*compresion\.type")


if __name__ == "__main__":
    main()
