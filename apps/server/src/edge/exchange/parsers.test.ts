import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { fc } from "@holdfast/tools/properties";
import { readConditions, readEntityTags } from "./conditions.ts";
import { contentDisposition } from "./content-disposition.ts";
import { parseJson } from "@holdfast/protocol/parse-json";
import { HostCheck } from "./host-check.ts";
import { addressGroup, readPeer } from "./peer.ts";
import { isInList } from "../../features/accounts/callers/address-list.ts";
import { assertQueryText } from "./request-checks.ts";
import { parseContentRange } from "../../features/uploads/content-range.ts";
import { parseRange } from "./ranges.ts";

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return error.code;
  }
  return "none";
};

test("Content-Range is parsed in each of its four forms", () => {
  assert.deepEqual(parseContentRange("bytes 0-5/10"), { kind: "piece", start: 0, end: 6, total: 10 });
  assert.deepEqual(parseContentRange("Bytes 7-7/*"), { kind: "piece", start: 7, end: 8, total: null });
  assert.deepEqual(parseContentRange("bytes */10"), { kind: "query", total: 10 });
  assert.deepEqual(parseContentRange(" bytes */* "), { kind: "query", total: null });
  for (const text of [
    "",
    "bytes",
    "bytes 5-4/10",
    "bytes 0-10/10",
    "bytes -5/10",
    "bytes 0-/10",
    "items 0-1/2",
    "bytes 0-1",
    "bytes 0-1/2,3-4/5",
    `bytes ${"0".repeat(99)}-1/2`,
    "bytes 9999999999999999-9999999999999999/*",
  ]) {
    assert.equal(
      codeOf(() => parseContentRange(text)),
      "bad_request",
      text,
    );
  }
  assert.equal(
    codeOf(() => parseContentRange(`bytes 0-1/${limits.fileBytesMax + 1}`)),
    "too_large",
  );
});

test("any text is a Content-Range within the limits or is rejected", () => {
  const near = fc.string({ unit: fc.constantFrom(..."bytes 0123456789-*/, ".split("")), maxLength: 60 });
  const shaped = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.bigInt({ min: 0n, max: 10n ** 17n }))
    .map(([a, b]) => `bytes ${a}-${b}/*`);
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), near, shaped), (text) => {
      let range;
      try {
        range = parseContentRange(text);
      } catch (error) {
        assert.ok(error instanceof HoldfastError && ["bad_request", "too_large"].includes(error.code));
        return;
      }
      if (range.kind === "piece") assert.ok(range.start < range.end && range.end <= limits.fileBytesMax);
    }),
  );
});

test("Range is parsed with several parts, suffixes and parts beyond the file", () => {
  assert.deepEqual(parseRange("bytes=0-0,-1", 1000), [
    { start: 0, end: 1 },
    { start: 999, end: 1000 },
  ]);
  assert.deepEqual(parseRange("bytes=500-", 1000), [{ start: 500, end: 1000 }]);
  assert.deepEqual(parseRange("bytes=-5000", 1000), [{ start: 0, end: 1000 }]);
  assert.deepEqual(parseRange("bytes=900-2000, 5000-", 1000), [{ start: 900, end: 1000 }]);
  assert.deepEqual(parseRange("bytes=800-899,0-99", 1000), [
    { start: 800, end: 900 },
    { start: 0, end: 100 },
  ]);
  assert.deepEqual(parseRange("bytes=0-499,100-599,90-95", 1000), [{ start: 0, end: 600 }]);
  assert.deepEqual(parseRange("bytes=0-1,2-3,6-7", 10), [
    { start: 0, end: 2 },
    { start: 2, end: 4 },
    { start: 6, end: 8 },
  ]);
  for (const ignored of [undefined, "", "items=0-1", "bytes=", "bytes=a-b", "bytes=5-4", "bytes=-", "bytes=1-2-3"]) {
    assert.equal(parseRange(ignored, 1000), undefined, String(ignored));
  }
  for (const outside of [
    "bytes=1000-",
    "bytes=-0",
    `bytes=${Array.from({ length: 65 }, (_, at) => `${at * 200}-${at * 200}`).join()}`,
  ]) {
    assert.equal(
      codeOf(() => parseRange(outside, 1000)),
      "range",
      outside,
    );
  }
  assert.equal(
    codeOf(() => parseRange("bytes=0-", 0)),
    "range",
  );
});

test("parsed ranges always lie within the file and never overlap", () => {
  const position = fc.oneof(
    fc.constant(""),
    fc.nat(300).map((at) => `${at}`),
  );
  const spec = fc.tuple(position, position).map(([first, last]) => `${first}-${last}`);
  const header = fc.oneof(
    fc.array(spec, { maxLength: 80 }).map((specs) => `bytes=${specs.join(",")}`),
    fc.string({ maxLength: 200 }),
  );
  fc.assert(
    fc.property(header, fc.nat(250), (text, size) => {
      let ranges;
      try {
        ranges = parseRange(text, size) ?? [];
      } catch (error) {
        assert.ok(error instanceof HoldfastError && error.code === "range");
        return;
      }
      const covered = new Set<number>();
      for (const { start, end } of ranges) {
        assert.ok(start >= 0 && start < end && end <= size);
        for (let at = start; at < end; at++) {
          assert.ok(!covered.has(at));
          covered.add(at);
        }
      }
      assert.ok(ranges.length <= limits.downloadRangesMax);
    }),
  );
});

test("entity tags are parsed with and without quotes, weak or strong, and as *", () => {
  assert.deepEqual(readEntityTags("If-Match", '"a", W/"b" ,c'), ["a", "b", "c"]);
  assert.equal(readEntityTags("If-Match", " * "), "*");
  for (const bad of [
    "",
    '"a',
    '"a" "b"',
    "a,,b",
    '"a",',
    '"ü\u0001"',
    `"${"a".repeat(5000)}"`,
    Array.from({ length: 65 }, () => "a").join(),
  ]) {
    assert.equal(
      codeOf(() => readEntityTags("If-Match", bad)),
      "bad_request",
      bad,
    );
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (text) => {
      assert.ok(
        ["none", "bad_request"].includes(
          codeOf(() =>
            readConditions(
              { "if-match": text, "idempotency-key": text, "if-none-match": text },
              { method: "PUT", url: "/" },
            ),
          ),
        ),
      );
    }),
  );
});

test("an idempotency key is bound to its caller, and its hash to method, path, query and body", () => {
  const read = (key: string, facts: Partial<Parameters<typeof readConditions>[1]> = {}) =>
    readConditions(
      { "idempotency-key": key },
      { method: "POST", url: "/a?x=1&y=2", body: { b: [1, { d: 1, c: undefined }], a: 2 }, callerId: "u", ...facts },
    );
  const one = read("k1");
  assert.equal(one.operationId?.length, 16);
  assert.deepEqual(read("k1", { url: "/a?y=2&x=1", body: { a: 2, b: [1, { d: 1 }] } }), one);
  assert.notDeepEqual(read("k2").operationId, one.operationId);
  assert.notDeepEqual(read("k1", { callerId: "v" }).operationId, one.operationId);
  for (const facts of [
    { method: "PUT" },
    { url: "/b?x=1&y=2" },
    { url: "/a?x=1&y=3" },
    { body: { a: 3 } },
    { body: undefined },
  ]) {
    assert.notDeepEqual(read("k1", facts).requestHash, one.requestHash);
  }
  assert.deepEqual(readConditions({ "if-none-match": "*" }, { method: "PUT", url: "/" }), { ifNoneMatch: true });
});

test("a query that is not UTF-8 is rejected with its field, and any encoded one is accepted", () => {
  for (const text of ["a%E9", "%ED%A0%80", "%", "%z", "%C3", "%c3%28", "%F5%80%80%80", "%C0%AF"]) {
    assert.throws(() => assertQueryText(`/files?b=%C3%A9&name=${text}`), { code: "bad_request", field: "name" }, text);
  }
  assert.throws(() => assertQueryText("/?%ff=a"), { code: "bad_request" });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assertQueryText(`/files?${new URLSearchParams({ name: text.toWellFormed() }).toString()}`);
      assertQueryText(`/files?name=${encodeURIComponent(text.toWellFormed())}`);
    }),
  );
  for (const url of ["/", "/%E9", "/?", "/?a", "/?a=1+2&b=%2B"]) assertQueryText(url);
});

test("the Host header must be a name of this server, localhost or an IP address", () => {
  const check = new HostCheck(["drive.example", "127.0.0.1"], undefined);
  for (const host of [
    undefined,
    "localhost",
    "nas:8420",
    "LOCALHOST:8420",
    "a.localhost.",
    "127.0.0.1:8420",
    "[::1]:8420",
    "[::1]",
    "192.0.2.7",
    "Drive.Example.",
    "drive.example:443",
  ]) {
    check.assertOwn(host);
  }
  for (const host of [
    "evil.example",
    "evil.example:8420",
    "",
    "localhost.evil.example",
    "drive.example.evil",
    "[evil.example]",
    "a:b:c",
  ]) {
    assert.throws(() => check.assertOwn(host), { code: "bad_request", field: "Host" }, host);
  }
});

test("invalid or too deep JSON is rejected and never crashes the parser", () => {
  assert.equal(
    codeOf(() => parseJson(Buffer.from(`${"[".repeat(65)}${"]".repeat(65)}`))),
    "bad_request",
  );
  assert.deepEqual(parseJson(Buffer.from('{"a":[1]}')), { a: [1] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.ok(["none", "bad_request"].includes(codeOf(() => parseJson(bytes))));
    }),
  );
});

test("a Content-Disposition header can contain any file name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 80 }), (name) => {
      assert.match(contentDisposition(name, "attachment"), /^attachment; filename[\x20-\x7e]*$/);
    }),
  );
  assert.equal(
    contentDisposition("naïve ∫.txt", "inline"),
    "inline; filename=\"na?ve ?.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%88%AB.txt",
  );
});

test("only the forwarded entries of the configured proxies are trusted", () => {
  const headers = {
    "x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.0.0.1",
    "x-forwarded-proto": "https",
    host: "drive.example",
  };
  const read = (proxyHops: number, more = {}) =>
    readPeer(
      { headers: { ...headers, ...more }, socketAddress: "::ffff:127.0.0.1", localAuthority: "127.0.0.1:8420" },
      { proxyHops, tls: false },
    );
  assert.deepEqual(read(0), {
    address: "127.0.0.1",
    loopback: true,
    behindProxy: false,
    origin: "http://drive.example",
    publicUrl: "http://drive.example",
  });
  assert.deepEqual([read(1).address, read(1).origin], ["10.0.0.1", "https://drive.example"]);
  assert.equal(read(2).address, "198.51.100.7");
  assert.equal(read(1, { host: 'evil"><script>' }).origin, "https://127.0.0.1:8420");
  assert.equal(addressGroup("2001:db8:0:7:1:2:3:4"), "2001:db8:0:7::/64");
  assert.equal(addressGroup("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(addressGroup("192.0.2.9"), "192.0.2.9");
});

test("a forwarded address may have a port or brackets, and an invalid one is in no network", () => {
  const read = (said: string | undefined, proxyHops = 1) =>
    readPeer(
      { headers: { "x-forwarded-for": said }, socketAddress: "::ffff:127.0.0.1", localAuthority: "127.0.0.1:8420" },
      { proxyHops, tls: false },
    ).address;
  const anywhere = ["0.0.0.0/0", "::/0"];
  for (const [said, address] of [
    ["198.51.100.7:443", "198.51.100.7"],
    ["[::ffff:198.51.100.7]:1", "198.51.100.7"],
    ["::FFFF:198.51.100.7", "198.51.100.7"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["192.0.2.1, [2001:db8::1]", "2001:db8::1"],
    ['"[2001:db8::1]:443"', "2001:db8::1"],
    ["2001:db8::1:443", "2001:db8::1:443"],
  ]) {
    assert.equal(read(said), address);
    assert.ok(isInList(anywhere, read(said)));
  }
  for (const said of ["unknown", "", "198.51.100.7,", "_hidden:443", "1.2.3.4.5:80", "[]", "198.51.100.7:443:1"]) {
    assert.equal(addressGroup(read(said)), "unknown behind 127.0.0.1", said);
    assert.ok(!isInList(anywhere, read(said)), said);
  }
  assert.equal(read("198.51.100.7", 2), "unknown behind 127.0.0.1", "fewer proxies than there are");
  assert.equal(read(undefined), "127.0.0.1");
});

test("all spellings of an address are equal, including the socket's", () => {
  const read = (socketAddress: string, said?: string) =>
    readPeer(
      { headers: { "x-forwarded-for": said }, socketAddress, localAuthority: "127.0.0.1:8420" },
      { proxyHops: said === undefined ? 0 : 1, tls: false },
    ).address;
  for (const [address, ...forms] of [
    ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:C000:201", "::ffff:c000:0201", "0:0:0:0:0:ffff:192.0.2.1"],
    ["2001:db8::1", "2001:DB8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8:0::1", "2001:db8::1%eth0"],
    ["fe80::1", "fe80::1%eth0", "FE80:0::1%25en0"],
  ]) {
    for (const form of forms) assert.equal(read(form), address, form);
    for (const form of [...forms, ...forms.map((each) => `[${each}]:443`)])
      assert.equal(read("127.0.0.1", form), address, form);
  }
  for (const none of ["010.0.0.1", "192.0.2", "0xc0000201", "3221225985", "2001:db8::1::", "::ffff:999.0.2.1"]) {
    assert.equal(read("127.0.0.1", none), "unknown behind 127.0.0.1", none);
  }
});

test("Forwarded is used without X-Forwarded-For, and a client's own entries are ignored", () => {
  const unread: string[] = [];
  const read = (forwarded: string, { hops = 1, xff, host }: { hops?: number; xff?: string; host?: string } = {}) =>
    readPeer(
      {
        headers: { forwarded, "x-forwarded-for": xff, host },
        socketAddress: "127.0.0.1",
        localAuthority: "127.0.0.1:8420",
      },
      { proxyHops: hops, tls: false, unreadable: (entry) => unread.push(entry) },
    ).address;
  for (const [said, address] of [
    ["for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"],
    ['For="[2001:DB8:cafe::17]:4711"', "2001:db8:cafe::17"],
    ['by=_x; FOR="192.0.2.43:47011" ; host="drive.example:8420"', "192.0.2.43"],
    ["for=192.0.2.43:47011;", "192.0.2.43"],
    ['for="[::ffff:c000:201]:_port"', "192.0.2.1"],
    ["for=6.6.6.6, for=198.51.100.17", "198.51.100.17"],
    ['for="6.6.6.6, for=198.51.100.17', "198.51.100.17"],
  ] as const) {
    assert.equal(read(said), address, said);
  }
  assert.equal(read("for=6.6.6.6, for=198.51.100.17, for=10.0.0.1", { hops: 2 }), "198.51.100.17");
  assert.equal(read("for=6.6.6.6", { hops: 0 }), "127.0.0.1");
  assert.equal(
    read("for=6.6.6.6", { xff: "198.51.100.17" }),
    "198.51.100.17",
    "a proxy that writes one passes on the other",
  );
  assert.equal(read("for=6.6.6.6", { xff: "nobody" }), "unknown behind 127.0.0.1");
  assert.deepEqual(unread.splice(0), ["nobody"]);
  const none = [
    "for=unknown",
    "for=_hidden",
    "proto=http",
    "",
    "192.0.2.60",
    "for=192.0.2.1;for=6.6.6.6",
    'for=198.51.100.17;host="x, for=6.6.6.6"',
    'for=198.51.100.17;host="x\\", for=6.6.6.6;a=\\"b"',
    'for=198.51.100.17;host="x,for=6.6.6.6;x=""',
    'for=198.51.100.17;host="x,for=6.6.6.6;x="";proto=https',
  ];
  for (const said of none) assert.equal(read(said), "unknown behind 127.0.0.1", said);
  assert.equal(unread.length, none.length);
  const inHost = "for=198.51.100.17;host=x,for=6.6.6.6";
  assert.equal(read(inHost, { host: "x,for=6.6.6.6" }), "unknown behind 127.0.0.1");
  assert.equal(read("for=198.51.100.17", { host: "drive.example:8420" }), "198.51.100.17");
});
