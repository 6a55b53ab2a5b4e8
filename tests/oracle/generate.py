# SPDX-License-Identifier: MIT
"""Pairs of a pattern and an event, made so that they meet: few names, and tests that come from the event's own values.

JSON is kept as it is written: a scalar is its text, an array a list, an object a tuple of (name's text, value), so that
spellings of numbers, escapes and duplicate keys survive.
"""
import random

NAMES = ["a", "b", "c"]
STRINGS = ["", "a", "ab", "abc", "abab", "b", "B", "Ab", "x", "a*b", "a\\b", "a\"b", "a/b", "a b", "a\0b", "\0", "\n", "1", "300", "null",
           "true", "é", "É", "e\u0301", "ß", "SS", "ss", "ẞ", "k", "K", "\u212a", "ς", "σ", "Σ", "ı", "I", "i", "İ", "i\u0307", "ŉ",
           "ʼN", "ǅ", "ǆ", "Ǆ", "ﬀ", "FF", "ⱥ", "Ⱥ", "µ", "μ", "Μ", "日本", "\ufffd", "\U0001f600", "a\U00010400", "Straße", "STRASSE",
           "a:b", ":", "300.1.2.3", "1.2.3", "::ffff:1.2.3.4"]
NUMBERS = [["0", "-0", "0.0", "-0.0", "0e5", "0E-9"], ["1", "1.0", "1e0", "10e-1", "0.1e1"], ["300", "300.0", "3e2", "3E+2", "3000e-1"],
           ["-5", "-5.0", "-0.5e1"], ["0.1", "1e-1", "0.10", "100e-3"], ["2.5", "25e-1"], ["10", "1e1"], ["100"], ["-1"], ["1e3", "1000"],
           ["9007199254740992", "9007199254740992.0", "9.007199254740992e15"], ["123456789012345680", "1.2345678901234568e17"],
           ["111122223333", "111122223333.0"], ["4.9e-324", "4.90e-324"], ["0.30000000000000004"],
           ["1.7976931348623157e308", "17976931348623157e292"], ["1e308", "10e307"], ["1e21", "1000000000000000000000"]]
# No double stands for these. JDKs before 19 count some more among them, like 1e23, which are left out here.
ODD_NUMBERS = [["9007199254740993", "9007199254740993.0"], ["123456789012345678"], ["1152921504606846976"], ["1e400", "10e399"], ["-1e400"],
               ["1e-400"], ["5e-324"], ["0.1000000000000000055511151231257827"]]
LITERALS = ["null", "true", "false"]
ADDRESSES = {4: ["1.2.3.4", "01.02.3.4", "10.0.0.1", "10.0.0.0", "10.255.255.255", "11.0.0.0", "0.0.0.0", "255.255.255.255", "10.0.0.15",
                 "10.0.0.9", "10.0.0.10", "10.0.0.16", "10.0.1.0"],
             6: ["::1", "0:0:0:0:0:0:0:1", "::01", "::", "0::0", "2001:db8::1", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:db8:ffff::",
                 "2001:db9::", "fe80::1", "::f", "::9", "::a"]}
NETWORKS = {4: ["10.0.0.0/8", "10.9.9.9/8", "10.0.0.0/24", "10.0.0.0/28", "10.0.0.1/31", "0.0.0.0/0", "0.0.0.0/1", "1.2.3.4/30", "10.0.0.0/+8",
                "10.0.0.0/08", "10.0.0.0/8/"],
            6: ["::/0", "::/1", "2001:db8::/32", "2001:db8::/33", "2001:db8::1/64", "::1/127", "::/124", "fe80::/10"]}
BAD_TESTS = ["[]", "[1]", "{}", '{"numeric":[]}', '{"numeric":["=",1e400]}', '{"numeric":["<",5,">",1]}', '{"numeric":[">=",1,"<=",1]}',
             '{"numeric":[">",1,"<",1.5,"<",2]}', '{"numeric":["=","1"]}', '{"numeric":"="}', '{"numeric":["==",1]}', '{"exists":1}',
             '{"exists":"true"}', '{"exists":true,"exists":true}', '{"Prefix":"a"}', '{"prefix":1}', '{"prefix":["a"]}', '{"suffix":null}',
             '{"prefix":"a","suffix":"b"}', '{"prefix":{"suffix":"a"}}', '{"prefix":{}}', '{"suffix":{"equals-ignore-case":["a"]}}',
             '{"anything-but":[]}', '{"anything-but":[1,"a"]}', '{"anything-but":null}', '{"anything-but":[true]}', '{"anything-but":{}}',
             '{"anything-but":{"prefix":""}}', '{"anything-but":{"suffix":[""]}}', '{"anything-but":{"prefix":[]}}',
             '{"anything-but":{"wildcard":"a**"}}', '{"anything-but":{"exists":true}}', '{"anything-but":{"prefix":"a","suffix":"b"}}',
             '{"anything-but":{"equals-ignore-case":1}}', '{"anything-but":9007199254740993}', '{"wildcard":"**"}', '{"wildcard":"a\\\\"}',
             '{"wildcard":"a\\\\b"}', '{"wildcard":["a"]}', '{"equals-ignore-case":1}', '{"equals-ignore-case":["a"]}',
             '{"cidr":"10.0.0.0/32"}', '{"cidr":"::/128"}', '{"cidr":"10.0.0.0"}', '{"cidr":"a/8"}', '{"cidr":"1.2.3/8"}', '{"cidr":"1.2.3.4/-1"}',
             '{"cidr":"1.2.3.4/"}', '{"cidr":"::ffff:1.2.3.4/96"}', '{"exactly":1}', '{"regex":"a"}', '{"a":[1]}', "'a'", "01", "+1", "nul"]
RESERVED = ["prefix", "exists", "numeric", "=", "regex", "exactly", "anything-but"]


def render(node, blank=lambda: ""):
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        return "[" + blank() + ",".join(blank() + render(n, blank) + blank() for n in node) + "]"
    return "{" + blank() + ",".join(f"{blank()}{name}{blank()}:{blank()}{render(n, blank)}{blank()}" for name, n in node) + "}"


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def some(self, things, least, most):
        return self.random.sample(things, min(len(things), self.random.randint(least, most)))

    def quote(self, text):
        out = []
        for c in text:
            if c in '"\\' or c < " " or self.chance(2):
                units = c.encode("utf-16-be")
                out.append("".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)) if self.chance(50) or c not in '"\\/\n'
                           else "\\" + c.replace("\n", "n"))
            else:
                out.append(c)
        return '"' + "".join(out) + '"'

    def blank(self):
        return self.random.choice([" ", "\t", "\n", "\r", "  "]) if self.chance(3) else ""

    # The values of one pair: (kind, value), few, so that they meet.
    def draw_values(self):
        pool = [("string", s) for s in self.some(STRINGS, 2, 5)] + [("number", n) for n in self.some(NUMBERS, 1, 4)] + \
            [("odd", n) for n in self.some(ODD_NUMBERS, 0, 1)] + [("literal", l) for l in self.some(LITERALS, 0, 2)]
        self.family = None
        if self.chance(12):     # where addresses are, the engine takes numbers for hexadecimal digits
            self.family = self.random.choice([4, 6])
            pool = [v for v in pool if v[0] not in ("number", "odd") or self.chance(1)]
            pool += [("address", a) for a in self.some(ADDRESSES[self.family if self.chance(98) else 10 - self.family], 2, 5)]
        self.pool = pool

    def value(self):
        return self.random.choice(self.pool)

    def write(self, value):
        kind, what = value
        if kind == "literal":
            return what
        return self.random.choice(what) if kind in ("number", "odd") else self.quote(what)

    def name(self):
        if self.chance(1):
            return self.random.choice(["$or", "é", "a b", "\U0001f600"] + RESERVED[:2])
        if self.chance(8):
            return ".".join(self.random.choice(NAMES) for _ in range(self.random.randint(2, 3)))
        return self.random.choice(NAMES)

    # Events; self.leaves gathers (path, value) on the way.
    def event_object(self, path, depth):
        members = []
        for _ in range(self.random.choice([0, 1, 1, 2, 2, 3, 4]) if path else self.random.randint(1, 4)):
            name = self.name()
            members.append((self.quote(name), self.event_value(path + name.split("."), depth - 1)))
        return tuple(members)

    def event_value(self, path, depth):
        dice = self.random.randint(0, 99)
        if depth > 0 and dice < 30:
            return self.event_object(path, depth)
        if depth > 0 and dice < 60:
            count = self.random.choice([0, 1, 1, 2, 2, 3])
            if self.chance(60):
                return [self.event_object(path, depth) if self.chance(90) else self.event_value(path, depth - 1) for _ in range(count)]
            return [self.event_value(path, depth - 1) for _ in range(count)]
        value = self.value()
        self.leaves.append((path, value))
        return self.write(value)

    # Tests of a leaf.
    def swap_case(self, text):
        return "".join(self.random.choice([c.upper(), c.lower(), c]) if self.chance(70) else c for c in text)

    def wild(self, text):
        def literal(part):
            return part.replace("\\", "\\\\").replace("*", "\\*")
        cut = sorted(self.random.randint(0, len(text)) for _ in range(2))
        if self.chance(10):
            return "*"
        if self.chance(30):
            return literal(text[:cut[0]]) + "*"
        return literal(text[:cut[0]]) + "*" + literal(text[cut[1]:]) + ("*" if cut[1] < len(text) and self.chance(30) else "")

    def numeric(self, number):
        def pick():
            return self.random.choice(self.random.choice(NUMBERS))
        text, other = self.random.choice(number), pick()
        low, high = sorted([text, other], key=float)
        if self.chance(40):
            return [self.quote(">" + self.random.choice(["", "="])), low, self.quote("<" + self.random.choice(["", "="])), high]
        return [self.quote(self.random.choice(["=", "<", "<=", ">", ">="])), text]

    def operand(self, text, how):
        cut = self.random.randint(0, len(text))
        cut = max(cut, 1) if how == "prefix" else min(cut, len(text) - 1) if text else cut   # the empty one is rare enough
        return {"prefix": text[:cut], "suffix": text[cut:], "wildcard": self.wild(text), "equals-ignore-case": self.swap_case(text)}[how]

    def test(self, value):
        if self.chance(0.7):
            return self.random.choice(BAD_TESTS)
        if self.chance(9):
            return ((self.quote("exists"), self.random.choice(["true", "true", "false"])),)
        kind, what = value
        if kind == "address" and self.chance(50):
            return (('"cidr"', self.quote(self.random.choice(NETWORKS[self.family]))),)
        if kind == "number" and self.chance(50) or kind == "odd" and self.chance(2):
            return (('"numeric"', self.numeric(what)),)
        if self.chance(25):
            return self.anything_but(kind, what)
        if kind in ("string", "address") and self.chance(65):
            how = self.random.choice(["prefix", "suffix", "wildcard", "equals-ignore-case", "equals-ignore-case", "exactly"])
            if how == "exactly":
                return (('"exactly"', self.quote(what)),)
            if how in ("prefix", "suffix") and self.chance(40):
                return ((f'"{how}"', (('"equals-ignore-case"', self.quote(self.swap_case(self.operand(what, how)))),)),)
            return ((f'"{how}"', self.quote(self.operand(what, how))),)
        return self.write(value)

    def anything_but(self, kind, what):
        if kind == "number" and self.chance(80):
            numbers = [self.random.choice(what)] + [self.random.choice(self.random.choice(NUMBERS)) for _ in range(self.random.randint(0, 1))]
            return (('"anything-but"', numbers if self.chance(60) or len(numbers) > 1 else numbers[0]),)
        texts = [v for k, v in self.pool if k in ("string", "address")]
        texts = ([what] if kind in ("string", "address") else []) + self.some(texts, 1, 2)
        how = self.random.choice([None, None, "prefix", "suffix", "wildcard", "equals-ignore-case"])
        values = [self.quote(t if how is None else self.operand(t, how)) for t in texts]
        values = values if len(values) > 1 or self.chance(50) else values[0]
        return (('"anything-but"', values if how is None else ((f'"{how}"', values),)),)

    def tests(self, value):
        if self.chance(0.4):
            return self.random.choice(["1", '"a"', "null", [], (), [["1"]]])
        tests = [self.test(value if self.chance(75) else self.value())]
        while self.chance(25):
            tests.append(self.test(self.value()))
        self.random.shuffle(tests)
        return tests

    # Patterns: conditions (path, tests) become an object, with dots or without, merged or doubled, some of them in $or.
    def condition(self):
        if self.leaves and self.chance(82):
            path, value = self.random.choice(self.leaves)
        else:
            path, value = [self.random.choice(NAMES) for _ in range(self.random.randint(1, 3))], self.value()
        return path, self.tests(value)

    def pattern_object(self, conditions, depth):
        members, groups = [], {}
        if depth > 0 and self.chance(22):
            inside = [self.random.choice(conditions) for _ in range(self.random.choice([2, 2, 2, 3, 3]) if self.chance(97) else 1)]
            conditions = [c for c in conditions if c not in inside or self.chance(15)]
            members.append((self.quote("$or"), [self.or_member(c, depth - 1) for c in inside]))
        for path, tests in conditions:
            dots = self.random.randint(1, len(path)) if self.chance(12) else 1
            rest = path[dots:]
            key = (".".join(path[:dots]), bool(rest), 0 if self.chance(85) else self.random.random())
            groups.setdefault(key, []).append((rest, tests))
        for (name, nested, _), inner in groups.items():
            if nested:
                members.append((self.quote(name), self.pattern_object(inner, depth - 1)))
            else:
                members += [(self.quote(name), tests) for _, tests in inner]
        self.random.shuffle(members)
        return tuple(members)

    def or_member(self, condition, depth):
        more = [condition]
        while self.chance(30):      # conditions here begin at the object that holds $or: as long a tail as the first one's
            path, tests = self.condition()
            more.append((path[-len(condition[0]):], tests))
        member = self.pattern_object(more, depth)
        if self.chance(1.5):
            member += ((self.quote(self.random.choice(RESERVED)), self.random.choice([['"a"'], '"a"', [(('"prefix"', '"a"'),)]])),)
        return "1" if self.chance(0.5) else member

    def break_text(self, text):
        at = self.random.randint(0, len(text) - 1)
        dice = self.random.randint(0, 5)
        if dice == 0:
            return text[:at]
        if dice == 1:
            return text[:at] + text[at + 1:]
        if dice == 2:
            return text + self.random.choice(["}", " x", ",", "{", "\0"])
        if dice == 3:
            return self.random.choice(["[", " ", "1", "\ufeff", "/**/", ""]) + text
        return text[:at] + self.random.choice('{}[],:"\\0e.-+/*\t\0') + text[at + dice % 2:]

    def pair(self):
        self.draw_values()
        self.leaves = []
        event = render(self.event_object([], 4), self.blank)
        conditions = [self.condition() for _ in range(self.random.choice([1, 1, 1, 2, 2, 2, 3, 3, 4]))]
        members = self.pattern_object(conditions, 3)
        if self.chance(0.1):
            members += tuple(('"$or"', [((self.quote(self.name()), self.tests(self.value())),) for _ in range(2)])
                             for _ in range(self.random.randint(9, 11)))
        pattern = render(members, self.blank)
        if self.chance(2):
            pattern = self.break_text(pattern)
        if self.chance(2):
            event = self.break_text(event)
        return pattern, event
