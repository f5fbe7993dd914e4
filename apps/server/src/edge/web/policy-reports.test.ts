import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openLog } from "../../base/operation/log.ts";
import { openMetrics } from "../../base/operation/metrics.ts";
import { startTestServer } from "../testing.ts";
import { policyReportHandlers } from "./policy-reports.ts";

async function start(t: TestContext) {
  const lines: string[] = [];
  const metrics = openMetrics();
  let nowMs = 1_700_000_000_000;
  const clock = { nowMs: () => nowMs, nowMicros: () => nowMs * 1000 };
  const log = openLog("info", { write: (line) => void lines.push(line) });
  const server = await startTestServer(policyReportHandlers({ log, metrics, clock }));
  t.after(() => server.close(0));
  const send = (body: string, type = "application/csp-report") =>
    fetch(`${server.url}/api/v1/csp-reports`, { method: "POST", headers: { "content-type": type }, body });
  const report = (fields: object) =>
    send(
      JSON.stringify({
        "csp-report": {
          "document-uri": `${server.url}/files/01secret?open=01other`,
          "effective-directive": "script-src-elem",
          "blocked-uri": "inline",
          ...fields,
        },
      }),
    );
  const counted = async () =>
    (await metrics.render()).text.split("\n").filter((line) => line.startsWith("policy_reports_total{"));
  const pass = (ms: number) => void (nowMs += ms);
  return { url: server.url, lines, send, report, counted, pass };
}

test("a browser's report is counted, and logged once per kind without the address's private parts", async (t) => {
  const { url, lines, send, report, counted } = await start(t);
  for (let count = 0; count < 3; count += 1) assert.equal((await report({})).status, 204);
  const body = {
    documentURL: `${url}/trash`,
    effectiveDirective: "style-src-elem",
    blockedURL: "https://evil.example/x?secret",
    sourceFile: `${url}/assets/index-1.js`,
    lineNumber: 7,
  };
  const reports = [
    { type: "csp-violation", age: 1, body },
    { type: "deprecation", body: {} },
  ];
  assert.equal((await send(JSON.stringify(reports), "application/reports+json")).status, 204);
  assert.deepEqual(await counted(), [
    'policy_reports_total{directive="script-src-elem",from="page"} 3',
    'policy_reports_total{directive="style-src-elem",from="page"} 1',
  ]);
  assert.deepEqual(
    lines.map((line) => {
      const { directive, page, blocked, source } = JSON.parse(line);
      return [directive, page, blocked, source];
    }),
    [
      ["script-src-elem", "/files", "inline", ""],
      ["style-src-elem", "/trash", "https://evil.example", "/assets/index-1.js"],
    ],
  );
  assert.doesNotMatch(lines.join(""), /secret|01other/);
});

test("reports by extensions, other sites and invented kinds cannot fill the log or the metrics", async (t) => {
  const { lines, report, counted } = await start(t);
  await report({ "blocked-uri": "chrome-extension" });
  await report({ "source-file": "moz-extension://7f3c/content.js" });
  await report({ "document-uri": "https://elsewhere.example/" });
  assert.deepEqual(lines, []);
  for (let count = 0; count < 200; count += 1)
    await report({ "effective-directive": `made-up-${count}`, "blocked-uri": `https://h${count}.example/` });
  assert.equal(lines.length, 50);
  assert.deepEqual(await counted(), [
    'policy_reports_total{directive="script-src-elem",from="extension"} 2',
    'policy_reports_total{directive="script-src-elem",from="elsewhere"} 1',
    'policy_reports_total{directive="other",from="page"} 200',
  ]);
});

test("known kinds are forgotten after an hour, so that invented ones do not hide real ones permanently", async (t) => {
  const { lines, report, pass } = await start(t);
  for (let count = 0; count < 60; count += 1) await report({ "blocked-uri": `https://h${count}.example/` });
  await report({ "blocked-uri": "eval" });
  pass(3_599_999);
  await report({ "blocked-uri": "eval" });
  assert.deepEqual([lines.length, lines.join("").includes("eval")], [50, false]);
  pass(1);
  for (let count = 0; count < 3; count += 1) await report({ "blocked-uri": "eval" });
  assert.equal(lines.length, 51);
  assert.equal(JSON.parse(lines.at(-1) ?? "").blocked, "eval");
});

test("invalid and oversized reports are rejected", async (t) => {
  const { send, counted } = await start(t);
  for (const body of ["", "{", "[1]", '"x"', '{"csp-report": 1}']) assert.equal((await send(body)).status, 400, body);
  assert.equal((await send(JSON.stringify({ "csp-report": { "blocked-uri": "x".repeat(20_000) } }))).status, 413);
  assert.deepEqual(await counted(), []);
});
