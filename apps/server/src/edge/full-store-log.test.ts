import assert from "node:assert/strict";
import { test } from "node:test";
import { repeatedEveryMs } from "../base/db/outage-log.ts";
import { FullStoreLog } from "./full-store-log.ts";

test("a full store is logged when it begins, repeatedly with the number of rejections, and when it ends", () => {
  const lines: unknown[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push([level, message.split(":")[0], { ...fields }]);
  let nowMs = 0;
  const log = new FullStoreLog({ info: at("info"), warn: at("warn"), error: at("error") }, () => nowMs);
  for (let request = 1; request <= 100; request += 1) {
    log.refused("/blocks", `No space for ${request} MiB.`);
    log.succeeded("/account");
    nowMs += 1000;
  }
  nowMs = repeatedEveryMs;
  log.refused("/blocks", "No space for 1 MiB.");
  log.succeeded("/blocks");
  log.succeeded("/blocks");
  assert.deepEqual(lines, [
    ["warn", "requests are rejected", { cause: "No space for 1 MiB.", failures: 1 }],
    ["warn", "requests are rejected", { cause: "No space for 1 MiB.", failures: 101 }],
    ["info", "the store has space again; requests are accepted", { failures: 101 }],
  ]);
});
