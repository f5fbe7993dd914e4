import type { Bugs } from "./patch.ts";

export const planBugs = {
  "a conflict is overwritten": [
    {
      file: "plan/local-operations.ts",
      find: "  if (node.content !== undefined) return [];",
      put: "  return node.content === undefined ? [replacement] : [];",
    },
  ],
  "a replacement takes the executable bit along": [
    {
      file: "plan/local-operations.ts",
      find: "remote, executable, isPrivate });",
      put: "remote, executable: remote.executable, isPrivate });",
    },
  ],
  "an edit takes the executable bit along": [
    {
      file: "plan/remote-operations.ts",
      find: "const executable = node.executable === base.executable ? undefined : node.executable;",
      put: "const executable = local.executable;",
    },
  ],
  "who may read is what the server says": [
    { file: "model/privacy.ts", find: "return here || there;", put: "return there;" },
  ],
  "a copy that is there is made again": [
    {
      file: "plan/local-operations.ts",
      find: "const folders = new Set([parent, node.place.parent, remote.parent]);",
      put: "const folders: NodeId[] = [];",
    },
  ],
  "a ring goes one by one": [
    {
      file: "plan/remote-operations.ts",
      find: "const together = groupCycle(table, cycle);",
      put: "const together = cycle.map(({ operation }) => operation);",
    },
  ],
  "an edit loses against a deletion": [
    {
      file: "plan/node-diff.ts",
      find: "[...ids].map((id) => [id, diffNode(trees, live, id)])",
      put: `[...ids].map((id) => {
    const each = diffNode(trees, live, id);
    const isLost = each.onDisk === "edited" && each.local?.readState === "known" && each.onServer === "deleted";
    return [id, isLost ? { ...each, existence: "absent" } : each];
  })`,
    },
  ],
  "rights are no border for moves": [
    {
      file: "shares/space-moves.ts",
      find: "const isBorder = mayNotHere !== mayNotThere;",
      put: "const isBorder = false;",
    },
  ],
  "a read-only share is written to": [
    {
      file: "plan/remote-operations.ts",
      find: "if (diff?.isReadOnly !== true) return false;",
      put: "return false;",
    },
    {
      file: "remote/send.ts",
      find: "if (state.shares.size === 0) return false;",
      put: "return false;",
    },
  ],
} satisfies Bugs;
