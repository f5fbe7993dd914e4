import assert from "node:assert/strict";
import { test } from "node:test";
import { OutageLog, repeatedEveryMs } from "./outage-log.ts";

test("an outage is logged when it begins, every five minutes while it lasts, and when it has ended", () => {
  const lines: string[] = [];
  const to = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  let nowMs = 0;
  const words = { level: "error", message: "it fails", over: "it works" } as const;
  const outage = new OutageLog({ info: to("info"), warn: to("warn"), error: to("error") }, words, () => nowMs);
  outage.worked();
  for (; nowMs < repeatedEveryMs + 3000; nowMs += 1000) outage.failed({ reason: "full" });
  outage.worked();
  outage.worked();
  outage.failed({ reason: "full again" });
  assert.deepEqual(lines, [
    'error it fails {"reason":"full","failures":1}',
    'error it fails {"reason":"full","failures":301}',
    'info it works {"failures":303}',
    'error it fails {"reason":"full again","failures":1}',
  ]);
});
