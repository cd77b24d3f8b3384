# fmt: off
"""Checks a proof bundle with Python's standard library alone, written from docs/reference/evidence.md.

usage: python verify_standalone.py PROOF.json TRUST.json [2026-09-15T00:00:00Z]

Prints the named checks and both verdicts as JSON; exit status 0 when both are valid, 1 when either is invalid, 2 when
something could not be checked. It reads no chain, and shares no line with the product it checks on.
"""
import base64, hashlib, json, re, struct, sys, unicodedata
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
VALID, INVALID, OPEN = "valid", "invalid", "undetermined"
CHECKS = ("bundle-shape", "record-canonical", "record-matches-head", "commitment", "tag", "seal", "inclusion",
          "checkpoint-signature", "cosignature", "anchor", "standing")
BIG, YEAR_10000 = 2**53 - 1, 253402300800
class Malformed(Exception):
    """A file is not what it should be."""
def need(condition, what, value=None):
    if not condition:
        raise Malformed(what)
    return value
def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()
# --- Ed25519: RFC 8032, section 5.1. A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def add(a, b):
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    o, q = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, q - o, q + o, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        result = add(result, point) if number & 1 else result
        point, number = add(point, point), number >> 1
    return result
def decode_point(data):
    sign, y = data[31] >> 7, int.from_bytes(data, "little") & 2**255 - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P) if y < P and 0 < x < P and x * x % P == square or (x, y, sign) == (0, 1, 0) else None
BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def signed(key, signature, message):
    point, s = decode_point(key), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or point is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    sum_ = add(times(s, BASE), times(k, (P - point[0], point[1], point[2], P - point[3])))
    x, y = (sum_[i] * pow(sum_[2], -1, P) % P for i in (0, 1))
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]
# --- JSON files: a reader gives back the value, and refuses every spelling but one.
def load(raw, limit):
    def flat(value, left):
        inner = value.values() if isinstance(value, dict) else value
        return not isinstance(value, (dict, list)) or left and all(flat(item, left - 1) for item in inner)
    def pairs(found):
        return need(len(dict(found)) == len(found), "a key stands twice", dict(found))
    need(len(raw) <= limit, "the file is too large")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=pairs, parse_float=one_of(), parse_constant=one_of())
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    return need(flat(value, 32), "nested too deep", value)
def take(value, optional=(), **readers):
    """The fields of an object, each read by its reader; missing and unknown ones are refused."""
    need(isinstance(value, dict), "not an object")
    need(set(readers) - set(optional) <= set(value) <= set(readers), "fields missing or unknown")
    return SimpleNamespace(**{name: readers[name](value[name]) if name in value else None for name in readers})
def whole(low=0, high=BIG):
    return lambda value: need(type(value) is int and low <= value <= high, "no whole number in bounds", value)
def one_of(*known):
    return lambda value: need(any(type(value) is type(one) and value == one for one in known), "another value", value)
def listed(reader, most=10_000):
    return lambda value: [reader(one) for one in need(isinstance(value, list) and len(value) <= most, "list", value)]
def hexa(length, prefix=""):
    form = re.compile(f"{prefix}[0-9a-f]{{{2 * length}}}")
    return lambda value: bytes.fromhex(need(form.fullmatch(text(value)), "not hexadecimal", value)[len(prefix):])
def text(value, most=4096):
    return need(isinstance(value, str) and 0 < len(value) <= most, "not text", value)
def mapping(value):
    return need(isinstance(value, dict), "not an object", value)
def b64(value):
    try:
        data = base64.b64decode(value, validate=True)
    except (ValueError, TypeError) as error:
        raise Malformed("not base64") from error
    return need(base64.b64encode(data).decode() == value, "base64 in another spelling", data)
def moment(value):
    need(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text(value)), "not a time")
    try:
        return datetime.fromisoformat(value[:-1] + "+00:00")
    except ValueError as error:
        raise Malformed("not a time") from error
def key_name(value):
    return need(not any(sign == "+" or unicodedata.category(sign)[0] in "CZ" for sign in text(value)), "name", value)
# --- Keys, notes and both files.
VALIDITY = {"vkey": text, "valid_from": moment, "valid_until": lambda value: value if value is None else moment(value)}
LOG_ID = whole(1, 2**32 - 1)
def read_key(kind, **more):
    def read(value):
        row = take(value, **VALIDITY, **more)
        name, _, rest = row.vkey.partition("+")
        row.key_name, material = key_name(name), b64(rest[9:])
        row.public, row.id = material[1:], sha(name.encode(), b"\n", material)[:4]
        need(len(material) == 33 and material[0] == kind and rest[:9] == row.id.hex() + "+", "vkey")
        return need(row.valid_until is None or row.valid_from < row.valid_until, "validity", row)
    return read
def covers(key, time):
    return key.valid_from <= time and (key.valid_until is None or time < key.valid_until)
def read_note(value):
    need(len(text(value, 65536).encode()) <= 65536 and value.endswith("\n"), "note")
    need(not any(sign < " " and sign != "\n" for sign in value), "control characters in a note")
    body, gap, tail = value.rpartition("\n\n")
    need(gap and tail.count("\n") <= 64, "note")
    note = SimpleNamespace(text=body + "\n", lines={})
    for line in tail[:-1].split("\n"):
        dash, name, blob = line.split(" ") if line.count(" ") == 2 else ("", "", "")
        blob = b64(blob)
        need(dash == "—" and len(blob) > 4 and (key_name(name), blob[:4]) not in note.lines, "signature line")
        note.lines[name, blob[:4]] = blob[4:]
    lines = body.split("\n")
    need(len(lines) == 3 and re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]), "checkpoint")
    note.origin, note.size, note.root = key_name(lines[0]), int(lines[1]), b64(lines[2])
    return need(note.size < 2**63 and len(note.root) == 32, "checkpoint", note)
def read_trust(raw):
    def contracts(value):
        return [take(row, address=hexa(20, "0x"), code_hash=hexa(32, "0x")) for row in mapping(value).values()]
    def log(value):
        row = take(value, ["inherited"], log_id=LOG_ID, origin=text, name=text, region=text, keys=listed(read_key(1)),
                   inherited=listed(lambda part: take(part, log_id=LOG_ID, end=whole(1))))
        ends = sorted({part.end for part in row.inherited or [] if part.log_id != row.log_id})
        return need(row.inherited is None or [part.end for part in row.inherited] == ends != [], "inherited", row)
    trust = take(load(raw, 4_194_304), schema=one_of("anxu-trust/1"), chain_id=whole(1), contracts=contracts,
                 logs=listed(log), cosigners=listed(read_key(4, name=text)))
    for row in trust.logs:
        names = {row.origin, *(key.key_name for key in row.keys)}
        need(names == {f"anxu/{trust.chain_id}/{row.log_id}"}, "a log signs under its origin")
    for rows in [trust.cosigners, *(row.keys for row in trust.logs)]:
        need(len({key.vkey for key in rows}) == len(rows), "a key stands twice")
    return need(len({row.log_id for row in trust.logs}) == len(trust.logs), "a log stands twice", trust)
def read_bundle(raw):
    def anchor(value):
        return take(value, chain_id=whole(1), contract=hexa(20, "0x"), block=whole(), transaction=hexa(32, "0x"))
    def standing(value):
        row = take(value, size=whole(1), root=hexa(32), reversed=one_of(True, False), revoked=one_of(True, False),
                   time=moment, cosigner=key_name, signature=b64)
        return need(row.time.year >= 1970 and len(row.signature) == 64, "statement", row)
    value, extra, opening = mapping(load(raw, 524_288)), ["anchor", "standing", "recorded_in"], {"entry": hexa(80)}
    if one_of("owner", "supervision")(value.get("level")) == "owner":
        extra.append("reverses")
        opening = {"record": mapping, "salt": hexa(32), "head": hexa(8), "handle": hexa(32), "commitment": hexa(32),
                   "amount_fen": whole(-BIG), "reverses": lambda row: take(row, log=LOG_ID, index=whole())}
    bundle = take(value, extra, schema=one_of("anxu-proof/1"), level=text, log_id=LOG_ID, index=whole(), leaf=hexa(64),
                  recorded_in=LOG_ID, inclusion=listed(hexa(32), 63), checkpoint=read_note, anchor=anchor,
                  standing=standing, **opening)
    bundle.is_owner, bundle.note = bundle.level == "owner", bundle.checkpoint
    if not bundle.is_owner:
        bundle.head, bundle.subject, bundle.amount_fen, bundle.commitment = struct.unpack(">8s32sq32s", bundle.entry)
        bundle.handle, bundle.reverses = sha(b"\x14", bundle.head, bundle.subject), None
    version, bundle.kind, bundle.class_, bundle.period = struct.unpack(">BBHI", bundle.head)
    need(version == 1 and 1 <= bundle.kind <= 12 and (bundle.reverses is None or bundle.kind == 3), "head")
    need(bundle.recorded_in != bundle.log_id, "recorded in the log itself")
    return need(not bundle.period or 190000 < bundle.period < 999913 and 0 < bundle.period % 100 < 13, "period", bundle)
# --- The checks, in their order.
def outcome(condition):
    return VALID if condition else INVALID
def check_shape(bundle):
    origin = re.fullmatch("anxu/([1-9][0-9]{0,15})/([1-9][0-9]{0,9})", bundle.note.origin)
    return outcome(origin and int(origin[2]) == bundle.log_id
                   and (bundle.anchor is None or bundle.anchor.chain_id == int(origin[1]))
                   and (bundle.standing is None or bundle.standing.size > bundle.index))
def canonical(value, faults, depth=0):
    faults += ["nested too deep"] if depth > 16 and isinstance(value, (dict, list)) else []
    if isinstance(value, list):
        return [canonical(inner, faults, depth + 1) for inner in value]
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {canonical(name, faults): canonical(value[name], faults, depth + 1) for name in names}
    faults += ["not NFC"] if isinstance(value, str) and not unicodedata.is_normalized("NFC", value) else []
    return need(not isinstance(value, int) or abs(value) <= BIG, "integer too large", value)
def check_record(bundle):
    if not bundle.is_owner:
        return [OPEN] * 3
    stated = {"kind": bundle.kind, "class": bundle.class_, "period": bundle.period, "amount_fen": bundle.amount_fen}
    faults, there = [], [name for name in stated if type(bundle.record.get(name)) is int]
    differs = any(bundle.record[name] != stated[name] for name in there)
    matches = INVALID if differs else VALID if len(there) == len(stated) else OPEN
    try:
        record = json.dumps(canonical(bundle.record, faults), ensure_ascii=False, separators=(",", ":"))
    except Malformed:
        return [INVALID, matches, OPEN]
    return [outcome(not faults), matches, outcome(sha(b"\x12", bundle.salt, record.encode()) == bundle.commitment)]
def check_tag(bundle):
    head, tag, handle, leaf = bundle.head, bundle.leaf[:32], bundle.handle, bundle.reverses
    if bundle.kind == 3 and bundle.is_owner and leaf is None:
        return OPEN
    if bundle.kind == 3:
        subject = struct.pack(">IQ20x", leaf.log, leaf.index) if leaf else bundle.subject
        is_lower = leaf is None or leaf.log != bundle.log_id or leaf.index < bundle.index
        is_opened = handle == sha(b"\x14", head, subject) and subject[12:] == bytes(20)
        return outcome(is_lower and is_opened and tag == sha(b"\x13", subject[:12]))
    if bundle.kind in (1, 2) and not bundle.class_ & 0x8000:
        return outcome(tag == sha(b"\x10", head, handle))
    return outcome(tag == sha(b"\x15", head, handle, bundle.commitment))
def climb(node, last, path):
    for sibling in path:
        need(last > 0, "too many hashes")
        is_left = bool(node & 1 or node == last)
        yield sibling, is_left
        while is_left and node and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    need(last == 0, "too few hashes")
def included(digest, node, size, path, root):
    try:
        for sibling, is_left in climb(need(node < size, "no such leaf", node), size - 1, path):
            digest = sha(b"\1", sibling, digest) if is_left else sha(b"\1", digest, sibling)
    except Malformed:
        return False
    return digest == root
def consistent(old, new, path, old_root, new_root):
    """Whether a tree grew into another: for those who hold two checkpoints of one log."""
    if old >= new or old == 0:
        return not path and (old < new or old == new and old_root == new_root) and (old > 0 or old_root == sha())
    path = path if old & (old - 1) else [old_root, *path]
    node, last, older, newer = old - 1, new - 1, *(path[:1] or [b""]) * 2
    while node & 1:
        node, last = node >> 1, last >> 1
    try:
        for sibling, is_left in climb(node, last, path[1:]):
            older = sha(b"\1", sibling, older) if is_left else older
            newer = sha(b"\1", sibling, newer) if is_left else sha(b"\1", newer, sibling)
    except Malformed:
        return False
    return (older, newer) == (old_root, new_root)
def check_cosignature(note, trust, latest):
    accepted = []
    for key in trust.cosigners:
        line = note.lines.get((key.key_name, key.id))
        if line is not None:
            seconds = int.from_bytes(line[:8], "big")
            message = f"cosignature/v1\ntime {seconds}\n{note.text}".encode()
            if len(line) != 72 or seconds >= 2**63 or not signed(key.public, line[8:], message):
                return INVALID, None
            time = datetime.fromtimestamp(min(seconds, YEAR_10000 - 1), timezone.utc)
            accepted += [time] if seconds < YEAR_10000 and covers(key, time) and time <= latest else []
    return (VALID, min(accepted)) if accepted else (OPEN, None)
def check_log_signature(bundle, trust, time):
    note, place = bundle.note, (bundle.log_id, bundle.note.origin)
    keys = [key for log in trust.logs if (log.log_id, log.origin) == place
            for key in log.keys if (key.key_name, key.id) in note.lines]
    if not all(signed(key.public, note.lines[key.key_name, key.id], note.text.encode()) for key in keys):
        return INVALID
    return VALID if any(covers(key, time) for key in keys) else OPEN
def check_seal(bundle, trust):
    own, origin = bundle.log_id, bundle.recorded_in or bundle.log_id
    parts = [log.inherited or [] for log in trust.logs if log.log_id == own]
    said = [next((part.log_id for part in row if bundle.index < part.end), own) for row in parts]
    if sha(b"\x11", struct.pack(">Iq", origin, bundle.amount_fen), bundle.commitment) != bundle.leaf[32:]:
        return INVALID
    return OPEN if bundle.recorded_in and not any(parts) else outcome(said in ([], [origin]))
def check_standing(bundle, trust, latest):
    row = bundle.standing
    keys = [key for key in trust.cosigners if row and key.key_name == row.cosigner and covers(key, row.time)]
    if not keys or row.time > latest:
        return OPEN
    numbers = struct.pack(">IQQ", bundle.log_id, bundle.index, row.size)
    flags = struct.pack(">BBQ", row.reversed, row.revoked, int(row.time.timestamp()))
    is_signed = any(signed(key.public, row.signature, sha(b"\x19", numbers, row.root, flags)) for key in keys)
    is_split = row.size == bundle.note.size and row.root != bundle.note.root
    return outcome(is_signed and not is_split and not row.reversed and not row.revoked)
def verify(raw, trust, now):
    """The named checks and both verdicts on a file that may be anything."""
    try:
        bundle = read_bundle(raw)
    except Malformed:
        return {"was_recorded": OPEN, "still_stands": OPEN, "checks": {"bundle-shape": OPEN}}
    latest, note = now + timedelta(minutes=5), bundle.note
    cosigned, time = check_cosignature(note, trust, latest)
    facts = [check_shape(bundle), *check_record(bundle), check_tag(bundle), check_seal(bundle, trust),
             outcome(included(sha(b"\0", bundle.leaf), bundle.index, note.size, bundle.inclusion, note.root)),
             check_log_signature(bundle, trust, time or now)]
    standing = check_standing(bundle, trust, latest)
    needed = {*(facts if bundle.is_owner else facts[:1] + facts[4:]), cosigned}
    recorded = INVALID if INVALID in (*facts, cosigned) else OPEN if OPEN in needed else VALID
    stands = INVALID if INVALID in (recorded, standing) else OPEN if OPEN in (recorded, standing) else VALID
    checks = dict(zip(CHECKS, [*facts, cosigned, OPEN, standing]))
    return {"was_recorded": recorded, "still_stands": stands, "checks": checks}
def main(proof, trust, at=None):
    with open(trust, "rb") as trusted, open(proof, "rb") as handed:
        verdict = verify(handed.read(), read_trust(trusted.read()), moment(at) if at else datetime.now(timezone.utc))
    print(json.dumps(verdict, indent=2))
    both = {verdict["was_recorded"], verdict["still_stands"]}
    return 1 if INVALID in both else 0 if both == {VALID} else 2
if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
