"""Calls of a gRPC service, with dicts for its messages.

The messages are described by a table, {message: {field: (number, kind)}}. A kind is int, bool, str,
bytes, the name of another message, a list of one of these for a repeated field, or dict for a map of
strings to strings. What has no value in an answer is absent from its dict, as are unknown fields.
"""

import grpc

SECONDS = 60  # for a call
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5  # wire types


def varint(number):
    number &= (1 << 64) - 1  # negative numbers have ten bytes
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, position):
    """(the number, the position after it)"""
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, position


def records(data):
    """(field number, int or bytes) of each field in the bytes of a message."""
    position = 0
    while position < len(data):
        key, position = read_varint(data, position)
        wire_type = key & 7
        if wire_type == VARINT:
            value, position = read_varint(data, position)
        else:
            length = {FIXED64: 8, FIXED32: 4}.get(wire_type)
            if wire_type == LENGTH:
                length, position = read_varint(data, position)
            value, position = data[position:position + length], position + length
        yield key >> 3, value


class Messages:
    def __init__(self, table):
        self.table = table

    def encode(self, message, values):
        out = b""
        for field, value in values.items():
            number, kind = self.table[message][field]
            if kind is dict:
                items = [self.pair(*item) for item in value.items()]
            elif isinstance(kind, list):
                items = [self.item(kind[0], item) for item in value]
            else:
                items = [self.item(kind, value)]
            for item in items:
                wire_type = VARINT if isinstance(item, int) else LENGTH
                out += varint(number << 3 | wire_type)
                out += varint(item) if wire_type == VARINT else varint(len(item)) + item
        return out

    @staticmethod
    def pair(key, value):
        """An entry of a map: a message with the key as field 1 and the value as field 2."""
        return b"".join(varint(number << 3 | LENGTH) + varint(len(text.encode())) + text.encode()
                        for number, text in ((1, key), (2, value)))

    def item(self, kind, value):
        if kind in (int, bool):
            return int(value)
        if kind is str:
            return value.encode()
        return value if kind is bytes else self.encode(kind, value)

    def decode(self, message, data):
        fields = {number: (field, kind) for field, (number, kind) in self.table[message].items()}
        values = {}
        for number, value in records(data):
            field, kind = fields.get(number, (None, None))
            if field is None:
                continue
            if kind is dict:
                pair = dict(records(value))
                values.setdefault(field, {})[pair.get(1, b"").decode()] = pair.get(2, b"").decode()
            elif isinstance(kind, list):
                values.setdefault(field, []).append(self.value(kind[0], value))
            else:
                values[field] = self.value(kind, value)
        return values

    def value(self, kind, value):
        if kind is int:
            return value - (1 << 64) if value >> 63 else value
        if kind is bool:
            return bool(value)
        if kind is str:
            return value.decode()
        return value if kind is bytes else self.decode(kind, value)


class Service:
    """A service behind a Unix socket: call("Method", field=value, ...) returns the answer's dict."""

    def __init__(self, socket, name, table):
        self.channel = grpc.insecure_channel(f"unix:{socket}")
        self.name = name
        self.messages = Messages(table)

    def __call__(self, method, **values):
        call = self.channel.unary_unary(
            f"/{self.name}/{method}",
            request_serializer=lambda dictionary: self.messages.encode(f"{method}Request", dictionary),
            response_deserializer=lambda data: self.messages.decode(f"{method}Response", data))
        return call(values, timeout=SECONDS, wait_for_ready=True)
