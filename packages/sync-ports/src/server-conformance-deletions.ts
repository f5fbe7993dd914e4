import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { SharedScene, type TestedShares } from "./server-conformance-shares.ts";

const limits = [
  { what: "a folder hidden from the guest", name: "inner", role: "uploader" },
  { what: "a folder read-only for the guest", name: "inner", role: "viewer" },
  { what: "a file read-only for the guest", name: "deep", role: "commenter" },
] as const;

/** Rule 14: a guest cannot delete a folder with content that the guest may not delete. */
export function testServerDeletions(name: string, open: () => Promise<TestedShares>): void {
  for (const { what, name: limited, role } of limits) {
    test(`${name}: 14: a guest cannot delete a folder that contains ${what}`, async () => {
      const shared = await SharedScene.make(await open(), "editor");
      const { scene, inner, deep, tested } = shared;
      const folder = await scene.makeFolder("folder", shared.docs);
      await scene.must({ op: "move", file_id: inner, parent_id: folder.id, name: "inner" });
      const id = limited === "inner" ? inner : (deep?.id ?? "");
      const remove = (): Promise<string> => shared.tries({ op: "delete", file_id: folder.id });
      await tested.people.share(id, role);
      assert.equal(await remove(), "forbidden");
      const [kept] = await tested.one.queryNodes([id as NodeId]);
      assert.equal(kept?.state, "live");
      // Content that is already in the trash does not block the folder.
      await scene.must({ op: "delete", file_id: inner });
      assert.equal(await remove(), "committed");
      await tested.people.unshare(id);
    });
  }
}
