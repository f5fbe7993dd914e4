import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { contentOf } from "./small-blocks.ts";

const files = 70;

async function withArrivals(): Promise<Alone> {
  const alone = new Alone();
  alone.mkdir("folder");
  await alone.once();
  const parent_id = alone.serverId("folder");
  const empty = { size: 0, content_id: contentOf(new Uint8Array()), blocks: [] };
  for (let index = 0; index < files; index += 1) {
    const names = { operation_id: `operation ${index}`, id: `file ${index}`, name: `file ${index}` };
    alone.onServer({ op: "put", ...names, parent_id, ...empty });
  }
  return alone;
}

type Others = { readonly [Name in keyof LocalDisk]?: LocalDisk[Name] | undefined };

function observed(disk: LocalDisk, others: Others = {}): { readonly disk: LocalDisk; readonly calls: string[] } {
  const calls: string[] = [];
  const told = new Set(["create", "syncFile", "syncAll", "rename"]);
  const observing = new Proxy(disk, {
    get: (target, name) => {
      const act: unknown = name in others ? Reflect.get(others, name) : Reflect.get(target, name);
      if (typeof act !== "function" || !told.has(String(name))) return act;
      return (...given: unknown[]) => {
        if (!String(given[0]).includes("/generation-")) calls.push(String(name));
        return act(...given) as unknown;
      };
    },
  });
  return { disk: observing, calls };
}

test("many downloaded files are made durable together, before the first gets its name", async () => {
  const alone = await withArrivals();
  const { disk, calls } = observed(alone.disk());
  await alone.once({ disk });
  assert.equal(alone.diskPaths().length, files + 1);
  const steps = calls.filter((call, index) => call !== calls[index - 1]);
  assert.deepEqual(steps, ["create", "syncAll", "rename"]);
  assert.equal(calls.filter((call) => call === "syncAll").length, 1);
  alone.close();
});

test("without a joint sync, each of many downloaded files is made durable separately", async () => {
  const alone = await withArrivals();
  const { disk, calls } = observed(alone.disk(), { syncAll: undefined });
  await alone.once({ disk });
  assert.equal(alone.diskPaths().length, files + 1);
  assert.deepEqual(
    calls.filter((call, index) => call !== calls[index - 1]),
    ["create", "syncFile", "rename"],
  );
  assert.equal(calls.filter((call) => call === "syncFile").length, files);
  alone.close();
});

test("no file gets its name before it is durable, and all do after a failed sync is repeated", async () => {
  const alone = await withArrivals();
  let failuresLeft = 1;
  const whole = alone.disk();
  const { disk, calls } = observed(whole, {
    syncAll: async () => {
      failuresLeft -= 1;
      if (failuresLeft >= 0) throw new HoldfastError("unavailable", "EIO");
      await whole.syncAll?.();
    },
  });
  await alone.pass(alone.make({ disk }).runOnce());
  assert.ok(failuresLeft < 0);
  assert.equal(calls.indexOf("rename") > calls.indexOf("syncAll", calls.indexOf("syncAll") + 1), true);
  assert.equal(alone.diskPaths().length, files + 1);
  alone.close();
});
