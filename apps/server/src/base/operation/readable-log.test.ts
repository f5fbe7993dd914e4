import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "./log.ts";
import { type LogScreen, readableLine } from "./readable-log.ts";

const plain: LogScreen = { columns: 80, colours: false, all: false };

/** Written by the real log, with a time that differs between zones only in its hour. */
function shown(write: (log: ReturnType<typeof openLog>) => void, screen: Partial<LogScreen> = {}): string | undefined {
  const lines: string[] = [];
  write(openLog("debug", { write: (line) => void lines.push(line) }));
  const line = lines[0]?.replace(/"time":"[^"]*"/, '"time":"2026-01-31T12:34:56.789Z"') ?? "";
  return readableLine(line, { ...plain, ...screen })?.replaceAll(/\d\d(?=:34:56)/g, "HH");
}

test("a line has the time, the message and the fields, and names its level for warnings and errors", () => {
  assert.equal(
    shown((log) => log.info({ port: 25 }, "mail is sent")),
    "HH:34:56 mail is sent port=25\n",
  );
  assert.equal(
    shown((log) => log.warn({ path: "/d" }, "the disk is slow")),
    "HH:34:56 warning: the disk is slow path=/d\n",
  );
  const failure = new Error("no space");
  assert.equal(
    shown((log) => log.error({ status: 507, error: [failure.stack] }, "request failed")),
    "HH:34:56 error: request failed: Error: no space status=507\n",
  );
});

test("colors are used on request", () => {
  const coloured = shown((log) => log.warn({ a: 1 }, "b"), { colours: true });
  assert.equal(coloured, "\u001b[2mHH:34:56\u001b[22m \u001b[33mwarning:\u001b[39m b \u001b[2ma=1\u001b[22m\n");
});

test("on 40 columns a line wraps at spaces only", () => {
  const folder = "/a/folder/whose/name/is/longer/than/such/a/line";
  assert.equal(
    shown((log) => log.info({ folder }, "no mail is sent, and whoever reads this knows why"), { columns: 40 }),
    ["HH:34:56 no mail is sent, and whoever", "         reads this knows why", `         folder=${folder}`, ""].join(
      "\n",
    ),
  );
});

test("successful requests are shown only on request, failed ones always", () => {
  const request = { method: "GET", status: 200 };
  assert.equal(
    shown((log) => log.info(request, "request")),
    undefined,
  );
  assert.equal(
    shown((log) => log.info(request, "request"), { all: true }),
    "HH:34:56 request method=GET status=200\n",
  );
  assert.match(shown((log) => log.error(request, "request failed")) ?? "", /request failed/);
});

test("long values and lists are shortened unless everything is requested", () => {
  const fields = { list: ["a", "b"], long: "x".repeat(500) };
  assert.equal(
    shown((log) => log.info(fields, "m"), { columns: 1000 }),
    `HH:34:56 m list=2 long=${"x".repeat(155)}…\n`,
  );
  assert.match(
    shown((log) => log.info(fields, "m"), { columns: 1000, all: true }) ?? "",
    /list=\["a","b"\] long=x{500}\n$/,
  );
});

test("no part of a line contains terminal control characters or imitates a line", () => {
  const steering = "a\u001b]0;x\u0007\n12:00:00 all is well\u202e";
  const line = shown((log) => log.info({ reason: steering, name: steering }, steering)) ?? "";
  assert.doesNotMatch(line.slice(0, -1).replaceAll("\n         ", " "), /[\p{Cc}\u202e]/u);
});
