import type { Bugs } from "./patch.ts";

export const scanBugs = {
  "errors are deletions": [
    {
      file: "scan/scan.ts",
      find: "const kept = keepUnreadable(input.tree, rows, { unknown, holdsMissing }, vanished);",
      put: "const kept: string[] = [];",
    },
  ],
  "one look is enough": [
    {
      file: "scan/scan.ts",
      find: "  for (let attempt = 0; ; attempt += 1) {",
      put: `  return seen;
  for (let attempt = 0; ; attempt += 1) {`,
    },
  ],
  "no file is racy": [
    { file: "scan/scan.ts", find: 'readState: isRacy ? "racy" : "known"', put: 'readState: "known"' },
    {
      file: "remote/send.ts",
      find: "  sending.hasChanged = true;\n",
      put: `  sending.hasChanged = true;
  return;
`,
    },
  ],
  "ctime is ignored": [
    {
      file: "scan/sweep.ts",
      find: "import { sameFingerprint } from",
      put: "import { sameButCtime as sameFingerprint } from",
    },
    {
      file: "scan/scan.ts",
      find: "import { isRecent, sameFingerprint } from",
      put: "import { isRecent, sameButCtime, sameFingerprint } from",
    },
    {
      file: "scan/scan.ts",
      find: 'before?.readState === "known" && sameFingerprint(',
      put: 'before?.readState === "known" && sameButCtime(',
    },
  ],
  "a moved file is a new one": [
    { file: "scan/scan.ts", find: "  adoptMoves({ ...input, unknown }, rows, vanished);\n", put: "" },
    {
      file: "scan/match.ts",
      find: "    const candidates = byInode.get(entry.stat.fingerprint.inode) ?? [];",
      put: `    break;
    const candidates = byInode.get(entry.stat.fingerprint.inode) ?? [];`,
    },
  ],
  "an alias is taken for a name": [
    {
      file: "scan/names.ts",
      find: "    for (const place of [row, intents.get(id)?.place]) {",
      put: `    return { name };
    for (const place of [row, intents.get(id)?.place]) {`,
    },
  ],
  "the marker of the root is not checked": [
    {
      file: "loop/access/root.ts",
      find: "  if (known !== undefined) checkOwner(known,",
      put: `  if (known !== undefined) return;
  if (known !== undefined) checkOwner(known,`,
    },
  ],
} satisfies Bugs;
