/**
 * Acknowledged data is durable. System calls of the real process show that content and then name are synced before
 * readiness and before an upload's answer. PostgreSQL is responsible for its own folder.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { startRecording } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";
import { Api, launcher, makeFolder, removeFolder, serveArguments, serveEnvironment } from "./testing.ts";

test("a first start and an upload are durable when acknowledged, according to the system calls", async (t) => {
  if (!requireComponent(t, "strace")) return;
  const folder = makeFolder("durable");
  t.after(() => removeFolder(folder));
  const dataFolder = join(folder, "data");
  const { child, ended } = startRecording(t, {
    command: [launcher, ...serveArguments({ dataFolder })],
    env: serveEnvironment({}),
    folder,
    by: "strace",
  });
  const log = text(child.stderr);
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    url = /^holdfast ready at (\S+)$/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined) assert.fail(`The server did not start: ${await log}`);
  const api = await Api.signIn(url);
  // Blocks in separate packs, and one that waits for others.
  for (const sizeBytes of [9_000_000, 100])
    assert.equal((await api.put(`/${sizeBytes}`, randomBytes(sizeBytes))).status, 201);
  process.kill(Number(readFileSync(join(dataFolder, "server.pid"), "utf8")), "SIGTERM");
  const recording = await ended;
  for (const said of ["holdfast ready at", "HTTP/1.1 201", undefined]) {
    const { atEnd, namedEarly } = findUndurable(recording, said);
    assert.deepEqual(
      atEnd.filter((each) => !isOthers(each)),
      [],
      `before ${said}`,
    );
    assert.deepEqual(
      namedEarly.filter((each) => !isOthers(each)),
      [],
      `before ${said}`,
    );
  }
  const named = recording.calls.filter(({ what }) => what === "rename").map(({ to }) => to ?? "");
  assert.ok(
    named.some((path) => path.includes("/store/objects/packs/")),
    "a pack was seen",
  );
});

/** Files of PostgreSQL, files that exist only at run time, and the doctor's test object. */
function isOthers(problem: string): boolean {
  return /\/data\/(?:postgres(?:\/|$|-new-|-socket)|server\.(?:pid|url)$|lock\.sqlite|store\/tmp$|store\/objects\/doctor-)/.test(
    problem,
  );
}
