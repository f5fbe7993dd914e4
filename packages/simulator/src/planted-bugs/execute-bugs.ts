import type { Bugs } from "./patch.ts";

export const executeBugs = {
  "a replacement is not looked at": [
    {
      file: "execute/replace.ts",
      find: '  if (!missingFeatures.has("exchange")) await exchangeIfUnchanged(',
      put: `  await disk.exchange(paths.temporary, paths.path);
  await disk.unlink(paths.temporary);
  return row(written.fingerprint);
  if (!missingFeatures.has("exchange")) await exchangeIfUnchanged(`,
    },
    {
      file: "execute/batch.ts",
      find: 'operation.op === "replace" ? stashEntry(stashedBy(context, operation, temporary)) : [],',
      put: "[],",
    },
  ],
  "what is replaced is not stashed": [
    {
      file: "execute/batch.ts",
      find: 'operation.op === "replace" ? stashEntry(stashedBy(context, operation, temporary)) : [],',
      put: "[],",
    },
  ],
  "a deletion is not looked at": [
    { file: "execute/remove.ts", find: "  await recheck(context, path, local);\n", put: "" },
    { file: "execute/remove.ts", find: "stashed: leaving.map((each) => stashedBy(context, each))", put: "stashed: []" },
    {
      file: "execute/remove.ts",
      find: "  if (isUnchangedItem(context, taken, operation.local)) return;\n",
      put: "  return;\n",
    },
    { file: "execute/remove.ts", find: "  await recheck(context, path, operation.local);\n", put: "" },
  ],
  "a deleted file is unlinked": [
    {
      file: "execute/remove.ts",
      find: "trashed: await places[operation.into].placeFor(pathOfNode(state, id) ?? local.name) };",
      put: "trashed: undefined };",
    },
    { file: "execute/remove.ts", find: "stashed: leaving.map((each) => stashedBy(context, each))", put: "stashed: []" },
    {
      file: "execute/remove.ts",
      find: "  await context.disk.rename(path, trashed);\n",
      put: `  if (trashed === undefined) return context.disk.unlink(path);
  await context.disk.rename(path, trashed);
`,
    },
  ],
  "a folder goes with all that is in it": [
    { file: "execute/remove.ts", find: "await context.disk.rmdir(path);", put: "await removeTree(context, path);" },
    { file: "execute/remove.ts", find: "import { TrashPlaces } from", put: "import { removeTree, TrashPlaces } from" },
    { file: "execute/local-trash.ts", find: "async function removeTree(", put: "export async function removeTree(" },
  ],
  "a new file is not synced": [
    { file: "execute/copy-aside.ts", find: "  await context.disk.syncFile(temporary);\n", put: "" },
    { file: "execute/write-large.ts", find: "      await context.disk.syncFile(part);\n", put: "" },
    { file: "execute/write-small.ts", find: "attempt(together)", put: "attempt(async () => undefined)" },
    {
      file: "execute/write-small.ts",
      find: "attempt(() => context.disk.syncFile(file.path))",
      put: "attempt(async () => undefined)",
    },
  ],
  "a folder is not synced": [
    {
      file: "execute/execution-context.ts",
      find: "  for (const folder of new Set(paths.map(folderOf))) await disk.syncFolder(folder);\n",
      put: "",
    },
    {
      file: "execute/batch.ts",
      find: "const together = syncTogether(disk, paths.length);",
      put: "const together = async (): Promise<void> => undefined;",
    },
    {
      file: "execute/remove.ts",
      find: "const there = [...folders].filter((folder) => !removed.has(folder));",
      put: "const there: string[] = [];",
    },
  ],
  "a new file goes over what is there": [
    {
      file: "execute/rename-into-place.ts",
      find: "ready.push(await makeReady(folders, { operation, temporary, stat: before.get(temporary) }));",
      put: `const one = await makeReady(folders, { operation, temporary, stat: before.get(temporary) });
        if ((await context.disk.stat(one.to))?.kind === "file") await context.disk.unlink(one.to);
        ready.push(one);`,
    },
  ],
  "intents are not kept": [
    {
      file: "execute/apply-batch.ts",
      find: "return intent === undefined ? [] : [[operation.id, intent] as const];",
      put: "return [];",
    },
  ],
  "an alias is not kept before it is given": [
    {
      file: "execute/apply-batch.ts",
      find: "return intent === undefined ? [] : [[",
      put: "return intent === undefined || intent.isMove === true ? [] : [[",
    },
  ],
  "nothing is parked": [
    {
      file: "execute/move.ts",
      find: "  const { id, local } = operation;",
      put: `  throw new DiskChanged(operation.local.name);
  const { id, local } = operation;`,
    },
  ],
  "what waits aside is forgotten": [
    {
      file: "execute/recover.ts",
      find: "  for (const [id, { path }] of context.state.parked) {",
      put: `  return;
  for (const [id, { path }] of context.state.parked) {`,
    },
  ],
  "stashed bytes are not looked at again": [
    {
      file: "execute/recover.ts",
      find: "  const changes: (readonly [string, Stashed | undefined])[] = [];",
      put: `  return;
  const changes: (readonly [string, Stashed | undefined])[] = [];`,
    },
  ],
  "the local trash is emptied at once": [
    {
      file: "execute/local-trash.ts",
      find: "if (!checkClock(state, nowMs())) return;",
      put: "checkClock(state, nowMs());",
    },
    {
      file: "execute/local-trash.ts",
      find: "if (sinceMs + keptForMs >= context.nowMs()) return;",
      put: "",
    },
  ],
  "what a person did is not synced": [
    {
      file: "execute/user-changes.ts",
      find: "  const failures = await syncTraces(",
      put: `  return new Map();
  const failures = await syncTraces(`,
    },
    {
      file: "execute/user-changes.ts",
      find: "  const recreated = new Map<NodeId, Traces>();",
      put: `  return new Map();
  const recreated = new Map<NodeId, Traces>();`,
    },
  ],
  "what was read is believed after a power cut": [
    {
      file: "execute/user-changes.ts",
      find: "  let doubtful: (readonly [NodeId, LocalRow])[] = [];",
      put: `  return unverifiedModes;
  let doubtful: (readonly [NodeId, LocalRow])[] = [];`,
    },
  ],
  "content is not verified": [
    {
      file: "execute/file-download.ts",
      find: 'return { kind: "bytes", hash, bytes, isProved };',
      put: 'return { kind: "bytes", hash: sha256(bytes), bytes, isProved };',
    },
    {
      file: "execute/file-download.ts",
      find: "import { contentOfBlocks",
      put: `import { sha256 } from "@holdfast/core/hash";
import { contentOfBlocks`,
    },
  ],
  "a local block is not verified": [
    {
      file: "execute/sources.ts",
      find: "      const stat = await disk.stat(path);",
      put: `      return path;
      const stat = await disk.stat(path);`,
    },
    {
      file: "execute/write-small.ts",
      find: "if (source !== undefined) yield localPart(block, source);",
      put: `if (source !== undefined) {
      const read = await context.disk.readAt(source.path, source.offset, block.size);
      yield { kind: "bytes", hash: sha256(read), bytes: read };
    }`,
    },
    { file: "execute/write-small.ts", find: "partsOf(download, bytes)", put: "partsOf(download, bytes, context)" },
    {
      file: "execute/write-small.ts",
      find: "Uint8Array>,\n): AsyncGenerator<Part>",
      put: "Uint8Array>,\n  context: ExecutionContext,\n): AsyncGenerator<Part>",
    },
    {
      file: "execute/write-small.ts",
      find: "import { mapBounded } from",
      put: `import { sha256 } from "@holdfast/core/hash";
import { mapBounded } from`,
    },
    {
      file: "execute/write-large.ts",
      find: "return localPart(block, source);",
      put: `const read = await this.#context.disk.readAt(source.path, source.offset, block.size);
      return { kind: "bytes", hash: sha256(read), bytes: read };`,
    },
  ],
  "a share that ended goes with all that is in it": [
    {
      file: "execute/end-shares.ts",
      find: 'const into = isUnchanged(state, mount, id, local) ? "trash" : "quarantine";',
      put: 'const into = "trash";',
    },
  ],
} satisfies Bugs;
