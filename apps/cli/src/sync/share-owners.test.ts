import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { readShareOwners, ShareOwners } from "./share-owners.ts";

test("owners are found by the path of the mount in the synced folder, and only of mounts in it", async () => {
  const shared = (path: string, email: string, mount_id: string | null = path) => ({
    node: { path },
    owner: { email },
    mount_id,
  });
  const pages = [
    { items: [shared("/office/team", "bob@example.org"), shared("/team", "eve@example.org")], next_cursor: "1" },
    { items: [shared("/office/not mounted", "kim@example.org", null)], next_cursor: null },
  ];
  const clientOf = (): ApiClient => {
    const left = [...pages];
    return { call: () => Promise.resolve(left.shift()) } as unknown as ApiClient;
  };
  assert.deepEqual([...(await readShareOwners(clientOf(), "/office"))], [["team", "bob@example.org"]]);
  assert.deepEqual(
    [...(await readShareOwners(clientOf(), ""))],
    [
      ["office/team", "bob@example.org"],
      ["team", "eve@example.org"],
    ],
  );
});

test("the server is asked once for each shared folder, and an undisclosed owner stays unnamed", async () => {
  let asked = 0;
  const owners = new ShareOwners(() => {
    asked += 1;
    return Promise.reject(new Error("no answer"));
  });
  const problem = {
    path: "team/a",
    code: "quota",
    message: "The owner of the shared folder team does not have enough space. Ask the owner to free some.",
  };
  for (let times = 0; times < 2; times += 1) await owners.learn([problem, { ...problem, path: "team/b" }]);
  assert.equal(asked, 1);
  assert.deepEqual(owners.named([problem]), [problem]);
  await owners.learn([{ ...problem, message: "Not enough space in your quota." }]);
  assert.equal(asked, 1);
});
