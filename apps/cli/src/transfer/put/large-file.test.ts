import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { UploadPace } from "@holdfast/api-client/upload-pace";
import { SharedWindows } from "@holdfast/codec/shared-windows";
import { cutWindow, encodeWindow } from "@holdfast/codec/window-task";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { Output } from "../../output/output.ts";
import { NewIds } from "../new-ids.ts";
import { TransferReport } from "../transfer-report.ts";
import { putLargeFile } from "./large-file.ts";
import { lookAt } from "./local-folder.ts";
import { TreePut } from "./put-tree.ts";
import { type PutWork, SentBlocks } from "./put-work.ts";

test("a refused file counts no bytes and is a problem, and a failure that every file would meet leaves it unsent", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-large-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "large");
  writeFileSync(path, "some bytes");

  for (const route of ["queryBlocks", "putBlocks", "syncDelta"]) {
    const refused = reported();
    await putLargeFile(workWith(refused, route, "quota"), queued(path));
    assert.deepEqual(
      refused.problems.map((problem) => [problem.path, problem.code]),
      [[path, "quota"]],
    );
    assert.deepEqual([refused.left, refused.bytesSent, refused.counts.bytesDone], [[], 0, 0], route);

    const ended = reported();
    await assert.rejects(putLargeFile(workWith(ended, route, "store_full"), queued(path)), { code: "store_full" });
    assert.deepEqual([ended.problems, ended.left], [[], [path]], route);
    assert.deepEqual([ended.bytesSent, ended.counts.bytesDone], [0, 0], route);
  }
});

test("no bytes of a file are sent to a read-only place", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-large-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "large");
  writeFileSync(path, "some bytes");
  const at = { role: "viewer", path: "/team" } as const;
  const remote = {
    id: "file",
    kind: "file",
    version_id: "1",
    modified_at: "",
    executable: false,
    role: "viewer",
  } as const;
  const calls: string[] = [];
  const call = (route: string) => {
    calls.push(route);
    return Promise.reject(new HoldfastError("forbidden", "You are a viewer here."));
  };
  const report = reported();
  const work = { ...workWith(report, "none", "forbidden"), client: { call } as unknown as ApiClient };
  const file = queued(path);
  const tree = new TreePut(work, undefined);
  tree.putEntry(file.entry, { ...file.folder, at }, undefined);
  tree.putEntry(file.entry, { ...file.folder, at: { path: "/team" } }, { ...remote, size: 3, content_id: "other" });
  await tree.finish();
  await putLargeFile(work, { ...file, remote: { ...remote, size: 10, content_id: "other" } });
  const where = ["/team", "/team/large", "large"];
  assert.deepEqual(
    report.problems.map(({ code, message }) => [code, message]),
    where.map((each) => ["forbidden", `You are a viewer of ${each}, and viewers cannot upload.`]),
  );
  assert.deepEqual(calls, []);
});

function reported(): TransferReport {
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  return new TransferReport(new Output({ quiet: true }, sink, sink), "sent");
}

function workWith(report: TransferReport, failing: string, code: ErrorCode): PutWork {
  const call = (route: string, { body }: { body?: { hashes?: string[] } }) => {
    if (route === failing) return Promise.reject(new HoldfastError(code, "The file is refused."));
    return Promise.resolve({ missing: body?.hashes });
  };
  const tasks: Record<string, (input: never) => unknown> = {
    cutWindowTask: cutWindow,
    encodeWindowTask: encodeWindow,
  };
  const run = (name: string, input: never) => Promise.resolve(tasks[name]?.(input));
  return {
    client: { call } as unknown as ApiClient,
    pool: { threads: 1, run, close: () => Promise.resolve() } as unknown as PutWork["pool"],
    journal: { record: () => {} } as unknown as PutWork["journal"],
    ids: new NewIds(() => 0),
    report,
    nowMs: () => 0,
    sent: new SentBlocks(),
    windows: new SharedWindows(8 * 1024 * 1024, 1),
    pace: new UploadPace(),
    damaged: new Map(),
  };
}

function queued(path: string) {
  const looked = lookAt(path, "large");
  assert.ok("entry" in looked);
  const folder = { id: "0199c3a1-83c0-8a5f-9d3c-2f7d0d4a1b2c", failed: false, parent: undefined };
  return { entry: looked.entry, folder, remote: undefined, exchange: false } as const;
}
