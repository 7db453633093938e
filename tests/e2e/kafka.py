"""A real broker for a test, and as much of Kafka's protocol as it takes to fill a topic and to read one.

tools/kafka/broker has the broker and the first half of the wire; record batches (magic 2) are here. Facts are those of
the protocol's own description (kafka.apache.org/protocol: Produce 3, Fetch 4, record batch).
"""
import importlib.machinery, importlib.util, os, shutil, signal, struct, tempfile

from harness import ROOT

_loader = importlib.machinery.SourceFileLoader("kafka_broker", str(ROOT / "tools" / "kafka" / "broker"))
_spec = importlib.util.spec_from_loader("kafka_broker", _loader)
wire = importlib.util.module_from_spec(_spec)
_loader.exec_module(wire)


class Kafka:
    """One broker in a temporary folder; it ends with this process, however that ends."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="turnout-e2e-kafka-")
        self.broker = wire.Broker(self.folder)
        self.classes = wire.prepare()
        self.start()

    def start(self):
        self.child = self.broker.start(self.classes, with_me=True)

    def kill(self):
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def address(self):
        return self.broker.address()

    def topic(self, name, partitions):
        self.broker.topic(name, partitions)

    def produce(self, topic, partition, messages):
        """messages: (key, value) as bytes; in one batch."""
        batch = record_batch(messages)
        body = (struct.pack(">hhi", -1, -1, 30_000)  # no transaction, acknowledged by all
                + wire.array([wire.text(topic) + wire.array([struct.pack(">ii", partition, len(batch)) + batch])]))
        reply = self.broker.ask(0, 3, body)
        reply.int32(), reply.text(), reply.int32(), reply.int32()
        error = reply.int16()
        assert error == 0, f"{topic}/{partition}: Kafka error {error}"

    def end(self, topic, partition):
        """The offset after the last message."""
        return self._fetch(topic, partition, 0, 1)[0]

    def read(self, topic, partitions):
        """All messages: (key, value, {header: value}) as bytes, partition by partition."""
        messages = []
        for partition in range(partitions):
            at, end = 0, self.end(topic, partition)
            while at < end:
                _, records = self._fetch(topic, partition, at, 8 << 20)
                for offset, *message in read_batches(records):
                    if offset >= at:
                        messages.append(tuple(message))
                        at = offset + 1
        return messages

    def _fetch(self, topic, partition, offset, limit):
        part = struct.pack(">iqi", partition, offset, limit)
        body = (struct.pack(">iiiib", -1, 500, 1, limit, 0)
                + wire.array([wire.text(topic) + wire.array([part])]))
        reply = self.broker.ask(1, 4, body)
        reply.int32(), reply.int32(), reply.text(), reply.int32(), reply.int32()
        error = reply.int16()
        assert error == 0, f"{topic}/{partition}: Kafka error {error}"
        end, _stable = struct.unpack(">qq", reply.take(16))
        for _ in range(max(0, reply.int32())):  # aborted transactions
            reply.take(16)
        return end, reply.take(max(0, reply.int32()))


def record_batch(messages):
    records = b""
    for index, (key, value) in enumerate(messages):
        record = b"\0" + varint(0) + varint(index) + varint(len(key)) + key + varint(len(value)) + value + varint(0)
        records += varint(len(record)) + record
    checked = struct.pack(">hiqqqhii", 0, len(messages) - 1, 0, 0, -1, -1, -1, len(messages)) + records
    rest = struct.pack(">ibI", -1, 2, crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(rest)) + rest


def read_batches(data):
    """(offset, key, value, headers) of each record; the last batch may be cut off."""
    at = 0
    while len(data) - at > 61:
        base, length = struct.unpack_from(">qi", data, at)
        if at + 12 + length > len(data):
            return
        attributes, = struct.unpack_from(">h", data, at + 21)
        assert attributes & 7 == 0, "a compressed batch: let the producer send plain ones"
        count, = struct.unpack_from(">i", data, at + 57)
        place = at + 61
        for _ in range(count if not attributes & 0x20 else 0):  # 0x20: a control batch
            size, place = read_varint(data, place)
            after = place + size
            _, place = read_varint(data, place + 1)
            delta, place = read_varint(data, place)
            key, place = read_bytes(data, place)
            value, place = read_bytes(data, place)
            number, place = read_varint(data, place)
            headers = {}
            for _ in range(number):
                name, place = read_bytes(data, place)
                headers[name.decode()], place = read_bytes(data, place)
            yield base + delta, key, value, headers
            place = after
        at += 12 + length


def varint(value):
    value = (value << 1) ^ (value >> 63)  # zigzag
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1), at


def read_bytes(data, at):
    size, at = read_varint(data, at)
    return (None, at) if size < 0 else (data[at:at + size], at + size)


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = CRC32C[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _crc32c_entry(value):
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC32C = [_crc32c_entry(byte) for byte in range(256)]
