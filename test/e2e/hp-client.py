"""A chat client that was written from spec/hp.md and spec/hp-by-hand.md alone, with the standard library alone.

Says several hundred lines, good and bad, and some dialogues to a node, and tells where the answer is not what the
documents promise: python3 hp-client.py HOST:PORT [HOST:PORT of a lenient listener]. Knows nothing of how the node is made.
"""

import json
import re
import socket
import sys
import time
import uuid

RUN = uuid.uuid4().hex[:8]
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
FIELDS = ["version", "type", "id", "timestamp", "source", "payload"]
FATAL_ALWAYS = {"INVALID_VERSION", "UNSUPPORTED_VERSION"}
MALFORMED = {"INVALID_UTF8", "INVALID_JSON", "INVALID_MESSAGE", "DUPLICATE_KEY", "TOO_DEEP"}

said = 0
dialogues = 0
disagreements = []


def disagree(where, what):
    disagreements.append(f"{where}: {what}")


class Client:
    def __init__(self, address, user=None, **login):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.rest = b""
        self.count = 0
        self.token = None
        if user is not None:
            answer = self.ask("LOGIN", {"user": user, **login})
            assert answer["type"] == "LOGIN_OK", answer
            self.token = answer["payload"]["resume"]["token"]

    def raw(self, data):
        global said
        said += 1
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("utf-8"))

    def line(self):
        """The next line as a message; None when the node has closed. PING and NOTICE may come at any time."""
        while True:
            while b"\n" not in self.rest:
                try:
                    more = self.socket.recv(65536)
                except ConnectionResetError:
                    more = b""
                if more == b"":
                    return None
                self.rest += more
            text, self.rest = self.rest.split(b"\n", 1)
            message = json.loads(text.decode("utf-8"))
            if list(message) != FIELDS or message["source"] != "server" or message["version"] != "1.0":
                disagree("output", text[:200])
            if not isinstance(message["timestamp"], int):
                disagree("output", message["timestamp"])
            if message["type"] not in ("ROOM_MESSAGE", "DIRECT_MESSAGE") and not UUID.match(message["id"]):
                disagree("output", f"an id that is no UUID: {message['id']}")
            if message["type"] not in ("PING", "NOTICE"):
                return message

    def say(self, kind, payload=None, **envelope):
        self.count += 1
        own = envelope.pop("id", f"q{self.count}")
        self.raw(encoded(kind, payload, id=own, **envelope))
        return own

    def ask(self, kind, payload=None, **envelope):
        """Says it and takes its answer; what comes before that is given back by `line` no more."""
        own = self.say(kind, payload, **envelope)
        while True:
            message = self.line()
            if message is None or message["payload"].get("ref") == own:
                return message

    def close(self):
        self.socket.close()


def encoded(kind, payload=None, **envelope):
    whole = {"version": "1.0", "type": kind, "id": "1", "timestamp": int(time.time()), "source": "client"}
    whole.update(envelope)
    whole["payload"] = {} if payload is None else payload
    return json.dumps({key: value for key, value in whole.items() if value is not ...}) + "\n"


def name(word):
    return f"{word}-{RUN}"


# ---------------------------------------------------------------------------------------------- lines, one answer each

ROOM = name("room")
good_ping = encoded("PING")


def replaced(old, new, kind="PING", payload=None):
    return encoded(kind, payload).replace(old, new, 1)


def lines():
    """(what it is, the bytes, the code, the field or None, the ref or ... for whatever)."""
    field = lambda key, value: encoded("PING", **{key: value})
    for value in [1.0, "1", "01.0", "1.00", "1.0.0", "", " 1.0", "1.0 ", "a.b", "10000.0", "1.10000", None, True, [], {}]:
        yield f"version {value!r}", field("version", value), "INVALID_VERSION", None, "1"
    for value in ["2.0", "0.9", "9999.0", "0.0", "2.9999"]:
        yield f"version {value!r}", field("version", value), "UNSUPPORTED_VERSION", None, "1"
    for value in [5, None, "", "ping", "Ping", "PING ", "_PING", "1PING", "PI-NG", "P" * 49, [], {}, True, "PÏNG"]:
        yield f"type {value!r}", field("type", value), "INVALID_TYPE", None, "1"
    for value in ["FOO", "P", "X_OWN", "P" * 48, "PINGS", "SERVER_HELLO", "LOGIN_OK", "ERROR", "NOTICE", "HEARTBEAT"]:
        yield f"type {value!r}", field("type", value), "UNKNOWN_TYPE", None, "1"
    for value in ["", 7, None, "a b", "x" * 65, "é", "a\nb", "a/b", [], {}, True, "a\u0000", "a\"b"]:
        yield f"id {value!r}", field("id", value), "INVALID_ID", None, None
    for value in ["server", "Client", "", None, 1, [], "client "]:
        yield f"source {value!r}", field("source", value), "INVALID_SOURCE", None, "1"
    for value in ["1700000000", 1700000000.5, -1, None, 10**11 + 1, 10**12, 253402300799, True, [], 1e300, 10**20]:
        yield f"timestamp {value!r}", field("timestamp", value), "INVALID_TIMESTAMP", None, "1"
    for value in [[], "x", 5, None, True, ""]:
        yield f"payload {value!r}", good_ping.replace("{}}", json.dumps(value) + "}"), "INVALID_PAYLOAD", None, "1"
    for key in FIELDS:
        gone = json.loads(good_ping)
        del gone[key]
        ref = None if key == "id" else "1"
        yield f"no {key}", json.dumps(gone) + "\n", "MISSING_FIELD", key, ref
    for text in ["hello", "{", "}", "{}}", "[", '"', "{'a':1}", '{"a":1,}', "[1,]", "01", "+1", ".5", "1.", "NaN", "Infinity",
                 "nul", "True", "{} {}", "{}[]", '{"a" 1}', '{a:1}', '{"a":1 "b":2}', "// x", "/* */ {}", '"a\tb"', '"\\x41"',
                 '"\\u12"', "\ufeff" + good_ping.strip(), '{"a":"\u0001"}', "{,}", "[,]", "--1", "1e", "0x10", "\u00a0{}"]:
        yield f"line {text!r}", text + "\n", "INVALID_JSON", None, None
    for text in ["[]", "5", '"x"', "null", "true", "false", "-0", "1e3", "[[]]", "[{}]", '""', "0.5"]:
        yield f"line {text!r}", text + "\n", "INVALID_MESSAGE", None, None
    for data in [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xff\xfb\x01", b"\x80", b"\xf8\x88\x80\x80\x80",
                 b"\xe0\x80\xaf", b"\xc3("]:
        yield f"bytes {data!r}", b'{"a":"' + data + b'"}\n', "INVALID_UTF8", None, None
    yield "33 levels", good_ping.replace("{}}", '{"data":' + "[" * 31 + "]" * 31 + "}}"), "TOO_DEEP", None, None
    yield "brackets alone", "[" * 5000 + "\n", "TOO_DEEP", None, None
    yield "objects", '{"a":' * 40 + "1" + "}" * 40 + "\n", "TOO_DEEP", None, None
    for key in ["version", "type", "id", "timestamp", "source", "payload"]:
        yield f"{key} twice", good_ping.replace("{", '{"%s":1,' % key, 1), "DUPLICATE_KEY", key, ...
    yield "a key of the payload twice", good_ping.replace("{}}", '{"a":1,"a":2}}'), "DUPLICATE_KEY", "payload.a", ...
    yield "the same as an escape", good_ping.replace("{}}", '{"a":1,"\\u0061":2}}'), "DUPLICATE_KEY", "payload.a", ...
    say = lambda payload: encoded("ROOM_MESSAGE", {"room": ROOM, **payload})
    for bad in ["\\ud800", "\\udc00", "\\ud800\\ud800", "a\\udbffb", "\\u0000", "a\\u0000b"]:
        yield f"body {bad}", say({"body": "B"}).replace('"B"', f'"{bad}"'), "INVALID_STRING", ..., "1"
    for bad in ["1.5", "1e400", "9007199254740992", "-9007199254740992", "1e16", "0.1", "-1e400"]:
        yield f"limit {bad}", encoded("HISTORY", {"room": ROOM, "limit": 0}).replace('"limit": 0', f'"limit": {bad}'), "INVALID_NUMBER", ..., "1"
    for value in [0, -1, 101, "5", None, True, [], {}]:
        yield f"limit {value!r}", encoded("HISTORY", {"room": ROOM, "limit": value}), "INVALID_PAYLOAD", "payload.limit", "1"
    for value in [-1, 101, "5", None]:
        yield f"history {value!r}", encoded("JOIN", {"room": ROOM, "history": {"limit": value}}), "INVALID_PAYLOAD", ..., "1"
    for value in ["", "a b", "A", "Gen", ".a", "-a", "_a", "x" * 65, "é", "a/b", "a\n", 5, None, [], {}, True]:
        yield f"room {value!r}", encoded("JOIN", {"room": value}), "INVALID_ROOM", "payload.room", "1"
    for value in ["", "a b", ".a", "-a", "_a", "x" * 33, "Ａlice", "a@b", 5, None, [], True]:
        yield f"to {value!r}", encoded("DIRECT_MESSAGE", {"to": value, "body": "x"}), "INVALID_PAYLOAD", "payload.to", "1"
    yield "an empty body", say({"body": ""}), "BODY_EMPTY", "payload.body", "1"
    yield "a long body", say({"body": "x" * 16385}), "BODY_TOO_LONG", "payload.body", "1"
    yield "a body of many bytes", encoded("ROOM_MESSAGE", {"room": ROOM, "body": "é" * 8193}), "BODY_TOO_LONG", "payload.body", "1"
    for value in [5, None, True, [], {}]:
        yield f"body {value!r}", say({"body": value}), "INVALID_PAYLOAD", "payload.body", "1"
    for kind, payload, missing in [
        ("JOIN", {}, "room"), ("LEAVE", {}, "room"), ("ROOM_MEMBERS", {}, "room"), ("ROOM_MESSAGE", {"room": ROOM}, "body"),
        ("ROOM_MESSAGE", {"body": "x"}, "room"), ("DIRECT_MESSAGE", {"to": "a"}, "body"), ("DIRECT_MESSAGE", {"body": "x"}, "to"),
        ("RECEIPT", {"ref": "1", "to": "a"}, "state"), ("RECEIPT", {"ref": "1", "state": "read"}, "to"), ("RECEIPT", {"to": "a", "state": "read"}, "ref"),
        ("PRESENCE_SET", {}, "status"), ("PRESENCE_SUBSCRIBE", {}, "users"), ("PRESENCE_QUERY", {}, "users"),
        ("PRESENCE_UNSUBSCRIBE", {}, "users"), ("TYPING", {"room": ROOM}, "on"),
    ]:
        yield f"{kind} without {missing}", encoded(kind, payload), "MISSING_FIELD", f"payload.{missing}", "1"
    for value in ["gone", "ONLINE", "offline", "", 5, None]:
        yield f"status {value!r}", encoded("PRESENCE_SET", {"status": value}), "INVALID_PAYLOAD", "payload.status", "1"
    for value in ["read", ["a b"], [5], {}, [[]], ["a"] * 101, None]:
        yield f"users {value!r}"[:60], encoded("PRESENCE_QUERY", {"users": value}), "INVALID_PAYLOAD", ..., "1"
    for value in ["yes", 1, None, "true"]:
        yield f"on {value!r}", encoded("TYPING", {"room": ROOM, "on": value}), "INVALID_PAYLOAD", "payload.on", "1"
    for value in ["x" * 65, 5, None, []]:
        yield f"echo {value!r}"[:40], encoded("PING", {"echo": value}), "INVALID_PAYLOAD", "payload.echo", "1"
    for payload in [{"room": ROOM, "with": "a"}, {}]:
        yield f"HISTORY {payload}", encoded("HISTORY", payload), ("INVALID_PAYLOAD", "MISSING_FIELD"), ..., "1"
    for kind in ["LOGIN", "HELLO", "RESUME"]:
        yield f"{kind} again", encoded(kind, {"user": "a", "token": "x"}), "ALREADY_LOGGED_IN", ..., "1"
    yield "LEAVE elsewhere", encoded("LEAVE", {"room": name("nowhere")}), "NOT_IN_ROOM", ..., "1"
    yield "HISTORY elsewhere", encoded("HISTORY", {"room": name("nowhere")}), "NOT_IN_ROOM", ..., "1"
    yield "ROOM_MESSAGE elsewhere", encoded("ROOM_MESSAGE", {"room": name("nowhere"), "body": "x"}), "NOT_IN_ROOM", ..., "1"
    yield "ROOM_MEMBERS nowhere", encoded("ROOM_MEMBERS", {"room": name("nowhere")}), "NO_SUCH_ROOM", ..., "1"
    yield "STATS", encoded("STATS"), "FORBIDDEN", ..., "1"
    # What is taken.
    for what, line in [
        ("PING", good_ping), ("CRLF", good_ping.replace("\n", "\r\n")), ("spaces", "  " + good_ping.replace(":", " : ", 3)),
        ("minor 7", field("version", "1.7")), ("minor 9999", field("version", "1.9999")), ("a year ahead", field("timestamp", int(time.time()) + 31536000)),
        ("1970", field("timestamp", 0)), ("5138", field("timestamp", 10**11)), ("unknown field", field("trace", {"x": 1})),
        ("64 letters", field("id", "A.b_c:d-" * 8)), ("32 levels", good_ping.replace("{}}", '{"data":' + "[" * 30 + "]" * 30 + "}}")),
        ("numbers in data", good_ping.replace("{}}", '{"data":[1e400,0.1,9007199254740993]}}')), ("echo", encoded("PING", {"echo": "é\u2028😀" * 9})),
        ("__proto__", good_ping.replace("{}}", '{"__proto__":{"admin":true},"constructor":null}}')),
    ]:
        yield what, line, "PONG", None, ...


def hear_lines(address):
    client, failures = None, 0
    for what, data, code, field, ref in lines():
        if client is None or failures >= 8:
            if client is not None:
                client.close()
            client, failures = Client(address, name("liner")), 0
            client.ask("JOIN", {"room": ROOM})
        client.raw(data)
        answer = client.line()
        codes = code if isinstance(code, tuple) else (code,)
        if answer is None:
            disagree(what, "it closed without an answer")
            client = None
            continue
        payload = answer["payload"]
        heard = payload.get("code", answer["type"])
        if heard not in codes:
            disagree(what, f"{heard} instead of {code}: {json.dumps(payload)[:160]}")
        if field is not ... and field is not None and payload.get("field") != field:
            disagree(what, f"field {payload.get('field')} instead of {field}")
        if ref is not ... and payload.get("ref") != ref:
            disagree(what, f"ref {payload.get('ref')!r} instead of {ref!r}")
        if heard in MALFORMED:
            failures += 1
        if heard in FATAL_ALWAYS:
            if not payload.get("fatal") or payload.get("supported") != ["1.0"]:
                disagree(what, f"not fatal, or nothing is supported: {payload}")
            if client.line() is not None:
                disagree(what, "it did not close")
            client = None
        elif answer["type"] == "ERROR" and payload["fatal"]:
            disagree(what, "fatal")
            client = None
        elif client.ask("PING") is None:
            disagree(what, "it closed afterwards")
            client = None
        time.sleep(0.012)


# ------------------------------------------------------------------------------------------------------------- dialogues

def dialogue(run):
    global dialogues
    dialogues += 1
    try:
        run()
    except Exception as error:  # A dialogue that breaks off is a disagreement like any other.
        disagree(run.__name__, f"{type(error).__name__}: {error}")


def same(where, seen, wanted):
    if seen != wanted:
        disagree(where, f"{seen!r} instead of {wanted!r}")


def talk(strict, lenient):
    def before_login():
        client = Client(strict)
        hello = client.ask("HELLO", {"agent": "python", "caps": ["ack", "zzz"]})
        same("HELLO", hello["type"], "HELLO_OK")
        for key in ("version", "node", "cluster", "caps", "auth", "limits"):
            same(f"HELLO_OK {key}", key in hello["payload"], True)
        same("a second HELLO", client.ask("HELLO")["payload"].get("code"), "FORBIDDEN")
        for kind in ("JOIN", "LEAVE", "ROOM_LIST", "ROOM_MEMBERS", "ROOM_MESSAGE", "DIRECT_MESSAGE", "RECEIPT", "PRESENCE_SET",
                     "PRESENCE_SUBSCRIBE", "PRESENCE_QUERY", "HISTORY", "WHOAMI", "STATS"):
            answer = client.ask(kind)["payload"]
            same(f"{kind} before login", (answer.get("code"), answer.get("fatal")), ("NOT_LOGGED_IN", False))
        for user in ("", "a b", "x" * 33, "Ａlice", "-a", 5, None):
            answer = client.ask("LOGIN", {"user": user})["payload"]
            same(f"user {user!r}", (answer.get("code"), answer.get("field")), ("INVALID_PAYLOAD", "payload.user"))
        same("LOGIN without user", client.ask("LOGIN")["payload"].get("field"), "payload.user")
        same("RESUME without token", client.ask("RESUME")["payload"].get("code"), "MISSING_FIELD")
        same("RESUME with another", client.ask("RESUME", {"token": "x"})["payload"].get("code"), "SESSION_EXPIRED")
        login = client.ask("LOGIN", {"user": name("first"), "status": "away", "device": "d"})
        for key in ("user", "session", "node", "incarnation", "heartbeat", "resume", "caps", "status", "limits", "offline_count", "sessions"):
            same(f"LOGIN_OK {key}", key in login["payload"], True)
        same("BYE", client.ask("BYE")["type"], "BYE")
        same("after BYE", client.line(), None)

    def three_lines_of_garbage():
        client = Client(strict)
        client.raw("a\nb\nc\nd\n")
        fatal = [client.line()["payload"]["fatal"] for _ in range(3)]
        same("garbage before login", fatal, [False, False, True])
        same("after it", client.line(), None)

    def ten_lines_of_garbage():
        client = Client(strict, name("ten"))
        client.raw("[]\n" * 11)
        same("garbage after login", [client.line()["payload"]["fatal"] for _ in range(10)], [False] * 9 + [True])
        same("after it", client.line(), None)

    def half_a_line():
        client = Client(strict)
        client.raw(good_ping + good_ping.strip())
        client.socket.shutdown(socket.SHUT_WR)
        same("the whole one", client.line()["type"], "PONG")
        same("the half one", client.line(), None)

    def http():
        for first in ("GET / HTTP/1.1", "post /x HTTP/1.0", "Host: x", "TRACE / HTTP/1.1", "connect a:1 HTTP/1.1"):
            client = Client(strict)
            client.raw(f"\n \r\n{first}\r\nHost: x\r\n\r\n" + encoded("LOGIN", {"user": name("eve")}))
            answer = client.line()
            if answer is not None:
                same(first, (answer["type"], answer["payload"]["fatal"]), ("ERROR", True))
                same(first, client.line(), None)

    def long_lines():
        client = Client(strict)
        client.raw("x" * 9000 + "\n")
        answer = client.line()["payload"]
        same("9000 bytes before login", (answer["code"], answer["fatal"]), ("LINE_TOO_LONG", True))
        same("after it", client.line(), None)
        client = Client(strict, name("long"))
        line = encoded("PING", {"pad": ""})
        fits = line.replace('"pad": ""', '"pad": "' + "x" * (65536 - len(line)) + '"')
        client.raw(fits)
        same("65536 bytes", client.line()["type"], "PONG")
        client.raw(fits.replace('x"', 'xx"', 1))
        answer = client.line()["payload"]
        same("65537 bytes", (answer["code"], answer["fatal"]), ("LINE_TOO_LONG", False))
        same("the next one", client.ask("PING")["type"], "PONG")
        client.raw("x" * 600000)
        same("an endless line", [client.line()["payload"]["fatal"] for _ in range(2)], [False, True])

    def rooms():
        alice, bob = Client(strict, name("alice")), Client(strict, name("bob"))
        room = name("talk")
        same("first", alice.ask("JOIN", {"room": room})["payload"]["count"], 1)
        same("second", bob.ask("JOIN", {"room": room})["payload"]["count"], 2)
        event = alice.line()
        same("he comes", (event["type"], event["payload"]["event"], event["payload"]["user"]), ("ROOM_EVENT", "join", name("bob")))
        same("again", bob.ask("JOIN", {"room": room})["payload"].get("already"), True)
        for seq in range(1, 11):
            body = f"é\u2028😀{seq}"
            ack = alice.ask("ROOM_MESSAGE", {"room": room, "body": body, "data": {"n": seq}, "from": "eve"}, id=f"m{seq}")
            same("ACK", (ack["payload"]["seq"], ack["payload"]["status"] in ("accepted", "stored")), (seq, True))
            heard = bob.line()
            same("heard", (heard["id"], heard["payload"]["from"], heard["payload"]["body"], heard["payload"]["data"], heard["payload"]["seq"]),
                 (f"m{seq}", name("alice"), body, {"n": seq}, seq))
        again = alice.ask("ROOM_MESSAGE", {"room": room, "body": "x"}, id="m3")["payload"]
        same("the same id", (again["seq"], again.get("duplicate")), (3, True))
        for query, seqs, more in [({"limit": 3}, [8, 9, 10], True), ({"after": 2, "limit": 2}, [3, 4], True), ({"before": 3}, [1, 2], False), ({"after": 10}, [], False)]:
            page = bob.ask("HISTORY", {"room": room, **query})["payload"]
            same(f"HISTORY {query}", ([one["seq"] for one in page["messages"]], page["more"]), (seqs, more))
        late = Client(strict, name("late"))
        late.raw(encoded("JOIN", {"room": room, "history": {"limit": 2}}, id="j"))
        order = [late.line() for _ in range(3)]
        same("JOIN_OK, then history", [(one["type"], one["payload"].get("delayed")) for one in order], [("JOIN_OK", None), ("ROOM_MESSAGE", True), ("ROOM_MESSAGE", True)])
        members = late.ask("ROOM_MEMBERS", {"room": room})["payload"]
        same("members", ([one["user"] for one in members["members"]], members["partial"]), ([name("alice"), name("bob"), name("late")], False))
        same("LEAVE", bob.ask("LEAVE", {"room": room})["type"], "LEAVE_OK")

    def directs():
        alice, bob = Client(strict, name("dalice")), Client(strict, name("dbob"))
        same("to one who is here", alice.ask("DIRECT_MESSAGE", {"to": name("DBOB"), "body": "x"}, id="d1")["payload"]["status"], "delivered")
        heard = bob.line()
        same("heard", (heard["type"], heard["id"], heard["payload"]["from"], heard["payload"]["to"]), ("DIRECT_MESSAGE", "d1", name("dalice"), name("DBOB")))
        for at in range(3):
            same("to one who is not", alice.ask("DIRECT_MESSAGE", {"to": name("dcarol"), "body": f"{at}"}, id=f"w{at}")["payload"]["status"], "queued")
        carol = Client(strict)
        same("waits", carol.ask("LOGIN", {"user": name("dcarol")})["payload"]["offline_count"], 3)
        same("and comes", [(one["id"], one["payload"]["delayed"]) for one in (carol.line() for _ in range(3))], [(f"w{at}", True) for at in range(3)])
        same("receipt", carol.ask("RECEIPT", {"ref": "w0", "to": name("dalice"), "state": "read"})["type"], "ACK")
        same("passed on", alice.line()["payload"], {"ref": "w0", "by": name("dcarol"), "state": "read"})
        alice.say("TYPING", {"to": name("dbob"), "on": True})
        same("typing", bob.line()["payload"], {"from": name("dalice"), "on": True})

    def presence():
        alice = Client(strict, name("palice"))
        answer = alice.ask("PRESENCE_SUBSCRIBE", {"users": [name("pbob")]})["payload"]["users"][0]
        same("before", (answer["status"], answer["sessions"]), ("offline", 0))
        bob = Client(strict, name("pbob"), status="busy")
        same("comes", alice.line()["payload"]["status"], "busy")
        bob.ask("BYE")
        gone = alice.line()["payload"]
        same("goes", (gone["user"], gone["status"]), (name("pbob"), "offline"))
        same("set", alice.ask("PRESENCE_SET", {"status": "away", "note": "n"})["type"], "ACK")
        same("too soon", "retry_after" in alice.ask("PRESENCE_SET", {"status": "busy"})["payload"], True)
        me = alice.ask("WHOAMI")["payload"]
        same("WHOAMI", (me["user"], me["status"]), (name("palice"), "away"))

    def resume():
        alice, bob = Client(strict, name("ralice")), Client(strict, name("rbob"))
        room = name("plug")
        for client in (alice, bob):
            client.ask("JOIN", {"room": room})
        alice.line()
        bob.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        bob.close()
        for at in range(3):
            alice.ask("ROOM_MESSAGE", {"room": room, "body": f"{at}"}, id=f"r{at}")
        back = Client(strict)
        answer = back.ask("RESUME", {"token": bob.token, "rooms": {room: 0}})
        same("RESUME", (answer["type"], answer["payload"]["replayed"], answer["payload"]["rooms"]), ("RESUME_OK", 3, [room]))
        same("missed", [(one["id"], one["payload"]["delayed"]) for one in (back.line() for _ in range(3))], [(f"r{at}", True) for at in range(3)])

    def too_fast():
        client = Client(strict, name("fast"))
        room = name("fast")
        client.ask("JOIN", {"room": room})
        for _ in range(25):
            client.say("ROOM_MESSAGE", {"room": room, "body": "x"})
        answers = [client.line() for _ in range(25)]
        taken = sum(one["type"] == "ACK" for one in answers)
        same("20 are taken", 20 <= taken <= 23, True)
        same("the others are told", all(one["payload"]["code"] == "RATE_LIMITED" and one["payload"]["retry_after"] > 0 for one in answers if one["type"] == "ERROR"), True)

    def a_byte_at_a_time():
        client = Client(strict)
        for byte in encoded("PING", {"echo": "é"}).encode("utf-8"):
            client.socket.sendall(bytes([byte]))
        same("PONG", client.line()["payload"]["echo"], "é")

    def lenient_lines():
        client = Client(lenient)
        client.raw('{"version":"1.0","type":"LOGIN","payload":{"user":"%s"}}\n' % name("nc"))
        same("LOGIN", client.line()["type"], "LOGIN_OK")
        client.raw('{"version":"1.0","type":"PING"}\n')
        same("PING", client.line()["type"], "PONG")
        client.raw('{"type":"PING"}\n')
        same("no version", client.line()["payload"].get("field"), "version")

    runs = [before_login, three_lines_of_garbage, ten_lines_of_garbage, half_a_line, http, long_lines, rooms, directs, presence, resume, too_fast, a_byte_at_a_time]
    for run in runs + ([lenient_lines] if lenient else []):
        dialogue(run)


if __name__ == "__main__":
    strict_address = sys.argv[1]
    lenient_address = sys.argv[2] if len(sys.argv) > 2 else None
    hear_lines(strict_address)
    talk(strict_address, lenient_address)
    for one in disagreements:
        print(one)
    print(f"{said} lines, {dialogues} dialogues, {len(disagreements)} disagreements")
    sys.exit(1 if disagreements else 0)
