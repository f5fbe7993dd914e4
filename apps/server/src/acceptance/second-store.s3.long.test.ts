import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { startS3rver } from "@holdfast/object-store/testing-s3-server";
import { Api, eventually, makeFolder, removeFolder, startServer } from "./testing.ts";

test("a folder and a bucket get the same objects, and after an outage of the bucket it catches up", async (t) => {
  const folder = makeFolder("second-bucket");
  t.after(() => removeFolder(folder));
  const s3 = await startS3rver();
  t.after(() => s3.stop());
  const { endpoint, bucket, region } = s3.locationOf("second/");
  const place = new URLSearchParams({ endpoint: endpoint ?? "", region, path_style: "true" });
  const second = `s3://${bucket}/second?${place.toString()}`;
  const env = {
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    HOLDFAST_SECOND_STORE: second,
    HOLDFAST_STORE_POLICY: "one",
  };
  const server = await startServer({
    dataFolder: join(folder, "data"),
    args: ["--store", join(folder, "first")],
    env,
  });
  t.after(() => server.stop());
  const api = await Api.signIn(server.url);
  const contents = Array.from({ length: 6 }, () => randomBytes(5000));
  const put = async (index: number) => {
    const { status, body } = await api.put(`/${index}`, contents[index] ?? assert.fail());
    assert.equal(status, 201, JSON.stringify(body));
  };
  const secondStore = async () => (await api.call("GET", "/admin/copies")).body.copies[1];
  const isEqual = async () => ((await secondStore()).state === "ok" ? true : undefined);

  await put(0);
  await eventually("the bucket has all", 120_000, isEqual);
  await s3.hideBucket();
  for (const index of [1, 2, 3, 4, 5]) await put(index);
  const behind = await secondStore();
  assert.deepEqual([behind.state, behind.lag_objects], ["away", 5]);
  assert.ok(behind.lag_bytes > 25_000, String(behind.lag_bytes));
  for (const [index, content] of contents.entries()) {
    assert.deepEqual((await api.download(`/${index}`)).body, content);
  }
  await s3.showBucket();
  await eventually("the bucket has caught up", 120_000, isEqual);
  const verified = await api.call("POST", "/admin/copies/verify");
  assert.equal(verified.status, 202);
  const { copies } = await eventually("the verification ends", 120_000, async () => {
    const { verification } = (await api.call("GET", "/admin/copies")).body;
    return verification.state === "running" ? undefined : verification;
  });
  assert.deepEqual(
    copies.map((each: { state: string; damaged_objects: number }) => [each.state, each.damaged_objects]),
    [
      ["ok", 0],
      ["ok", 0],
    ],
  );
});
