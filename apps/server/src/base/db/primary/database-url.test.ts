import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseUrlFault, hostName, parseDatabaseUrl } from "./database-url.ts";

test("a URL with one host is left to the driver", () => {
  for (const url of [
    "postgres://u:p@h/db",
    "postgresql://u:p%40@[::1]:5433/db?sslmode=verify-full&sslrootcert=/ca.pem",
    "postgres://u:p@/db?host=/run/postgresql&port=5433",
    "postgres://h/db?target_session_attrs=any",
    "postgres:///db",
  ])
    assert.deepEqual(parseDatabaseUrl(url), { url, hosts: [] });
});

test("several hosts are listed like those of libpq, and everything else applies to each", () => {
  const cases: [url: string, hosts: string[], single: string][] = [
    [
      "postgres://u:p%2C@a:1,b,[::1]:3/db?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=/a%20b.pem",
      ["a:1", "b", "[::1]:3"],
      "postgres://u:p%2C@/db?sslmode=verify-full&sslrootcert=%2Fa%20b.pem&host=a&port=1",
    ],
    ["postgres://u@/db?host=/x,/y&port=1,2", ["/x:1", "/y:2"], "postgres://u@/db?host=%2Fx&port=1"],
    ["postgres://a,b/db?port=7", ["a:7", "b:7"], "postgres:///db?port=7&host=a"],
  ];
  for (const [text, hosts, single] of cases) {
    const parsed = parseDatabaseUrl(text);
    assert.deepEqual([parsed.url, parsed.hosts.map(hostName)], [single, hosts]);
  }
});

test("an error names what is wrong with a URL, without its password", () => {
  const cases: [url: string, fault: RegExp][] = [
    ["mysql://u:secret@h/db", /must read like postgres:/],
    ["postgres://u:secret,a:secret/@b/db", /a port that/],
    ["postgres://u:secret@a,,b/db", /an empty host/],
    ["postgres://u:secret@a:1,b:0/db", /a port that/],
    ["postgres://u:secret@a,b:99999/db", /a port that/],
    ["postgres://u:secret@a,b,c/db?port=1,2", /2 ports for 3 hosts/],
    ["postgres://u:secret@a,b,a:5432/db", /a host twice/],
    ["postgres://u:secret@a,b/db?target_session_attrs=any", /a target_session_attrs other/],
    ["postgres://u:secret@a/db?target_session_attrs=standby", /a target_session_attrs other/],
  ];
  for (const [url, fault] of cases) {
    assert.match(databaseUrlFault(url) ?? "", fault);
    assert.doesNotMatch(databaseUrlFault(url) ?? "", /secret/);
  }
});
