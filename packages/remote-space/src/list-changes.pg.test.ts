import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { Api } from "@holdfast/server/acceptance/testing";
import type { RemoteSpace } from "./remote-space.ts";
import { blockOf, counted, entryOf, epochOf, noise, openSpace, openWire, putFile } from "./testing.ts";

const { server, proxy, pool, space, signIn, close } = await openWire("remote-space-changes");
after(close);

test("block lists that arrive with another device's changes are not requested again", async () => {
  const other = await signIn();
  const { token } = await space.snapshot(undefined);
  const blocks = Array.from({ length: 17 }, (_, number) => blockOf(noise(64, `list ${number}`)));
  const small = await putFile(space, blocks.slice(0, 16).map(entryOf), blocks.slice(0, 16));
  const large = await putFile(space, blocks.map(entryOf), blocks.slice(16));
  const own = await space.listChanges(token);
  assert.deepEqual(
    own.changes.map(({ node }) => node?.blocks),
    [undefined, undefined],
    "what a device has sent comes back to it",
  );
  const heard = await other.listChanges(token);
  assert.deepEqual(
    heard.changes.map(({ node }) => node?.blocks?.length),
    [16, undefined],
  );

  const versionId = small.version_id ?? "";
  const first = await counted(proxy, () => other.manifests([{ versionId }]));
  assert.deepEqual(first.result.get(versionId), blocks.slice(0, 16).map(entryOf));
  assert.equal(first.up, 0);
  const both = await other.manifests([{ versionId }, { versionId: large.version_id ?? "" }]);
  assert.equal(both.get(versionId)?.length, 16, "a list is kept for one question");
  assert.equal(both.get(large.version_id ?? "")?.length, 17);
  await other.close();
});

test("a device's own changes return in a few bytes, with the node from the first response", async () => {
  const other = await signIn();
  const { token } = await space.snapshot(undefined);
  const [kept, moved, gone] = await Promise.all([putFile(space, []), putFile(space, []), putFile(space, [])]);
  const epoch = await epochOf(space);
  const operationId = (): string => randomBytes(16).toString("hex");
  await other.commit(
    epoch,
    [
      {
        op: "move",
        operation_id: operationId(),
        file_id: moved.id,
        parent_id: space.rootId,
        name: `${moved.name} moved`,
      },
      { op: "delete", operation_id: operationId(), file_id: gone.id },
    ],
    [],
  );
  const answered = await counted(proxy, () => space.listChanges(token));
  const again = await counted(proxy, () => space.listChanges(token));
  assert.ok(answered.down < again.down, "the second time nothing is known any more, and all of it comes");
  for (const { changes } of [answered.result, again.result]) {
    assert.deepEqual(changes.find(({ id }) => id === kept.id)?.node, kept);
    assert.deepEqual(
      changes.filter(({ id }) => id === moved.id).map(({ node }) => node?.name),
      [`${moved.name} moved`, `${moved.name} moved`],
    );
    assert.ok(
      changes.filter(({ id }) => id === gone.id).every(({ kind, node }) => kind === "gone" && node === undefined),
    );
  }
  assert.deepEqual(answered.result, again.result);
  await other.close();
});

test("changes by another program of the device are listed in full", async () => {
  const { token } = await Api.signIn(server.url);
  const [one, two] = [0, 1].map(() => openSpace({ url: proxy.url, token: token ?? "", pool }));
  const [here, there] = [await one!, await two!];
  const { token: since, epoch } = await here.snapshot(undefined);
  const mkdir = (by: RemoteSpace, name: string) =>
    by.commit(
      epoch,
      [{ op: "mkdir", operation_id: randomBytes(16).toString("hex"), parent_id: space.rootId, name }],
      [],
    );
  const names = [randomBytes(4).toString("hex"), randomBytes(4).toString("hex")] as const;
  await mkdir(here, names[0]);
  await mkdir(there, names[1]);
  assert.deepEqual(
    (await here.listChanges(since)).changes.map(({ node }) => node?.name),
    names,
  );
  await here.close();
  await there.close();
});
