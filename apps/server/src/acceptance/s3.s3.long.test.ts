import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { type S3TestServer, startRadosgw, startS3rver } from "@holdfast/object-store/testing-s3-server";
import { requireComponent } from "@holdfast/tools/components";
import { bounded } from "@holdfast/tools/bounded";
import { administrator, Api, eventually, holdfast, makeFolder, removeFolder, spawnServer } from "./testing.ts";

async function roundTrip(t: TestContext, s3: S3TestServer): Promise<void> {
  const folder = makeFolder("s3");
  t.after(() => removeFolder(folder));
  t.after(() => s3.stop());
  const { endpoint, bucket, region } = s3.locationOf("whole-server/");
  const place = new URLSearchParams({ endpoint: endpoint ?? "", region, path_style: "true" });
  const store = `s3://${bucket}/whole-server?${place.toString()}`;
  const env = {
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    HOLDFAST_CONFIG_DIR: `${folder}/config`,
  };
  const options = { dataFolder: `${folder}/data`, args: ["--store", store], env };
  const tree = `${folder}/tree`;
  mkdirSync(`${tree}/inner`, { recursive: true });
  for (let index = 0; index < 100; index++) writeFileSync(`${tree}/inner/file ${index}`, randomBytes(index * 37));
  writeFileSync(`${tree}/large`, randomBytes(30_000_000));

  let server = await spawnServer(options);
  const run = async (...args: string[]) => {
    const { code, stderr } = await holdfast(args, { env, input: administrator.password });
    assert.equal(code, 0, stderr);
  };
  await run("login", server.url, "--email", administrator.email, "--password-stdin");
  await run("put", "--quiet", tree, "/tree");
  await server.kill();
  server = await spawnServer({ ...options, port: server.port });
  try {
    await run("get", "--quiet", "/tree", `${folder}/back`);
    execFileSync("diff", ["-r", tree, `${folder}/back`]);
    const api = await Api.signIn(server.url);
    assert.equal((await api.call("POST", "/admin/scrub")).status, 202);
    let report;
    const stillInTime = bounded("the scrub comes to its end");
    do {
      stillInTime();
      report = (await api.call("GET", "/admin/scrub")).body;
    } while (report.state === "running");
    assert.deepEqual(report.damaged, []);
    assert.ok(report.packs > 0, "the scrub found no pack in the bucket");
  } finally {
    await server.stop();
  }
}

test("a server stores its packs in a bucket of s3rver", async (t) => roundTrip(t, await startS3rver()));

test("a server stores its packs in a bucket of Ceph's gateway", async (t) => {
  if (!requireComponent(t, "radosgw")) return;
  await roundTrip(t, await startRadosgw());
});

test("a server with a lost database is rebuilt from a bucket", async (t) => {
  const folder = makeFolder("s3-rebuild");
  t.after(() => removeFolder(folder));
  const s3 = await startS3rver();
  t.after(() => s3.stop());
  const { endpoint, bucket, region } = s3.locationOf("rebuild/");
  const place = new URLSearchParams({ endpoint: endpoint ?? "", region, path_style: "true" });
  const store = `s3://${bucket}/rebuild?${place.toString()}`;
  const env = {
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    HOLDFAST_SNAPSHOT_INTERVAL: "1s",
    HOLDFAST_JOURNAL_INTERVAL: "1s",
  };
  const lost = await spawnServer({ dataFolder: `${folder}/lost`, args: ["--store", store], env });
  const content = randomBytes(100_000);
  assert.equal((await (await Api.signIn(lost.url)).put("/file", content)).status, 201);
  const writtenMs = Date.now();
  await eventually("what was written is in the bucket", 120_000, async () => {
    const askedMs = Date.now();
    const text = await (await fetch(`${lost.url}/metrics`)).text();
    const age = /^metadata_journal_age_seconds (\S+)$/m.exec(text)?.[1];
    return age !== undefined && askedMs - Number(age) * 1000 > writtenMs ? true : undefined;
  });
  await lost.stop();
  const args = ["admin", "rebuild", "--from", store, "--key", `${folder}/lost/key-encryption-key`];
  const { code, stdout, stderr } = await holdfast([...args, "--data", `${folder}/rebuilt`, "--json"], { env });
  assert.equal(code, 0, stdout + stderr);
  assert.deepEqual([JSON.parse(stdout).problems, JSON.parse(stdout).store], [[], store]);
  const rebuilt = await spawnServer({ dataFolder: `${folder}/rebuilt`, args: ["--store", store], env });
  try {
    const { body } = await (await Api.signIn(rebuilt.url)).download("/file");
    assert.ok(content.equals(body));
  } finally {
    await rebuilt.stop();
  }
});
