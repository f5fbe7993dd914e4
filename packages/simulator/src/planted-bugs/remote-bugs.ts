import type { Bugs } from "./patch.ts";

export const remoteBugs = {
  "offers are forgotten": [
    {
      file: "remote/send.ts",
      find: "    state.commit({ offers: ready.map((each) => [each.operationId, offerOf(each, context.nowMs())] as const) });\n",
      put: "",
    },
  ],
  "a restored server is taken for an old cursor": [
    { file: "remote/reset.ts", find: "const epoch = state.cursor?.epoch;", put: "const epoch = undefined;" },
    {
      file: "remote/fetch.ts",
      find: 'if (reason === "epoch") await resetToEpoch(context);',
      put: "if (reason === null) await resetToEpoch(context);",
    },
  ],
  "deletions have seen everything": [
    {
      file: "remote/wire-operation.ts",
      find: "file_id: id, base_revision: operation.base.revision, ...seen };",
      put: "file_id: id };",
    },
  ],
  "splices are against the wrong base": [
    {
      file: "remote/proposal.ts",
      find: "const splices = diffSplices(entries, blocks);",
      put: "const splices = diffSplices(entries.slice(1), blocks);",
    },
  ],
  "the cursor is committed before the rows": [
    {
      file: "remote/fetch.ts",
      find: "  for (let hasMore = true; hasMore;) {",
      put: `  const late = new Map<NodeId, RemoteRow>();
  for (let hasMore = true; hasMore;) {`,
    },
    {
      file: "remote/fetch.ts",
      find: "hasMore = await fetchPage(context);",
      put: "hasMore = await fetchPage(context, late);",
    },
    {
      file: "remote/fetch.ts",
      find: "async function fetchPage(context: FetchContext)",
      put: "async function fetchPage(context: FetchContext, rows: Map<NodeId, RemoteRow>)",
    },
    { file: "remote/fetch.ts", find: "  const rows = new Map<NodeId, RemoteRow>();\n", put: "" },
    {
      file: "remote/fetch.ts",
      find: "state.commit({ remote: rows, shares, rights, decided, settings, cursor: next });",
      put: "state.commit(page.has_more ? { cursor: next } : { remote: rows, shares, rights, decided, settings, cursor: next });",
    },
  ],
  "a new version rests on nothing": [
    {
      file: "remote/send.ts",
      find: "  for (const operation of unit) {",
      put: `  for (const planned of unit) {
    const operation: RemoteOperation =
      planned.op === "put" ? { ...planned, base: { ...planned.base, versionId: null } } : planned;`,
    },
  ],
  "a right of a folder is not heard of": [
    {
      file: "remote/fetch.ts",
      find: "const [shares, rights] = [[...mounts.changedShares], [...mounts.changedRights]];",
      put: "const [shares, rights] = [[...mounts.changedShares], []];",
    },
  ],
  "a right of a folder goes with that of its mount": [
    {
      file: "remote/fetch.ts",
      find: "const [shares, rights] = [[...mounts.changedShares], [...mounts.changedRights]];",
      put: `const shares = [...mounts.changedShares];
  const over = [...state.rights.keys()].map((id) => [id, undefined] as const);
  const rights = shares.length > 0 ? over : [...mounts.changedRights];`,
    },
  ],
  "a folder that appears is taken for empty": [
    {
      file: "remote/fetch.ts",
      find: '  if (kind !== "appeared" && !isUnreported && !(hasMoved && listings.mayBeIncomplete)) return;\n',
      put: `  if (kind !== "appeared" && !isUnreported && !(hasMoved && listings.mayBeIncomplete)) return;
  if (node.kind === "folder") return;
`,
    },
  ],
  "what comes back from the trash is not heard of": [
    {
      file: "remote/fetch.ts",
      find: '  if (node.kind !== "mount" && row.trashed) return record(id, row);\n',
      put: `  if (node.kind !== "mount" && row.trashed) return record(id, row);
  if (known?.trashed === true && kind === "appeared") return;
`,
    },
  ],
} satisfies Bugs;
