import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isLongTier } from "@holdfast/tools/tiers";
import { useSilentServer } from "../testing-silent-server.ts";

const launcher = fileURLToPath(new URL("../../bin/holdfast", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "holdfast-ended-"));
const { server: silent, port: portOf } = useSilentServer();
after(() => rmSync(folder, { recursive: true }));

const data = join(folder, "data");

const cases = [
  [["backup", "PLACE", "--data", data], /this backup in s3:.* is unfinished and cannot be restored\. .* it continues/],
  [["restore-backup", "PLACE", "--data", data], /data is not restored, .* Run the same command again\./],
  [["drill", "PLACE", "--data", data], /the backup was not tested\.$/m],
  [["rebuild", "--from", "PLACE", "--data", data], /data is not rebuilt, .* Run the same command again\./],
  [["scrub", "--now"], /the server continues the scrub\. 'holdfast admin scrub' reports/],
  [["copies", "verify"], /the server continues the verification\. 'holdfast admin copies status'/],
  [["gc", "--now"], /the server continues freeing space\./],
  [["rebuild-index"], /the server continues rebuilding the index\./],
  [["audit", "verify"], /the server continues the verification\./],
  [["audit", "export", "--data", data], /not all entries were printed\./],
] as const;
for (const [args, expected] of isLongTier ? cases : cases.slice(0, 4)) {
  test(`Ctrl-C in 'admin ${args[0]} ${args[1] ?? ""}' reports what is unfinished, and the exit code is 130`, async () => {
    const port = portOf();
    const place = `s3://backups/drive?endpoint=http://127.0.0.1:${port}`;
    const env = {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      HOLDFAST_CONFIG_DIR: join(folder, "config"),
      HOLDFAST_SERVER: `http://127.0.0.1:${port}`,
      HOLDFAST_TOKEN: "hf_token",
      HOLDFAST_DATABASE_URL: `postgres://holdfast@127.0.0.1:${port}/holdfast`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
      TMPDIR: folder,
    };
    const connected = once(silent, "connection");
    const child = spawn(launcher, ["admin", ...args.map((word) => (word === "PLACE" ? place : word))], { env });
    const said = text(child.stderr);
    const ended = once(child, "exit");
    await Promise.race([connected, ended]);
    child.kill("SIGINT");
    assert.deepEqual(
      [await ended, (await said).startsWith("holdfast: interrupted; ")],
      [[130, null], true],
      await said,
    );
    assert.match(await said, expected);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("holdfast-drill-")),
      [],
    );
  });
}
