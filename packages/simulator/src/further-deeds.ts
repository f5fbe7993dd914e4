import { ignorePath } from "@holdfast/sync/rules/rules";
import { pick, type Tape } from "./chances.ts";
import type { PersonOptions } from "./person-options.ts";
import type { Inode } from "./simulated-root.ts";

export const furtherVerbs = [
  "make a link",
  "replace by a link",
  "make a file of a folder",
  "make a file of a folder",
  "hard link",
  "unpack",
  "unpack",
  "copy a folder",
  "copy a folder",
  "copy exactly",
  "touch",
  "edit and set the time back",
  "overwrite with what was there before",
  "cut and paste",
  "empty a folder",
] as const;
type FurtherVerb = (typeof furtherVerbs)[number];

/** Basic acts from which others are composed. */
export interface BasicActs extends Pick<PersonOptions, "root" | "ledger" | "names" | "missingFeatures"> {
  readonly work: Tape;
  readonly say: (what: string) => void;
  readonly pause: () => Promise<void>;
  readonly some: (kind?: Inode["kind"]) => string | undefined;
  readonly somePlace: () => string;
  readonly newBytes: () => Uint8Array;
  readonly create: (path: string, bytes: Uint8Array, isShared?: boolean) => Promise<void>;
  readonly deleteTree: (path: string) => Promise<void>;
}

export async function doFurther(verb: FurtherVerb, acts: BasicActs): Promise<void> {
  switch (verb) {
    case "make a link":
      return makeLink(acts, acts.somePlace());
    case "replace by a link":
      return replaceByLink(acts, pick(acts.work, [acts.some("file"), acts.some("symlink"), acts.some("folder")]));
    case "make a file of a folder":
      return makeFileOf(acts, pick(acts.work, [acts.some("folder"), acts.some("folder"), acts.some("symlink")]));
    case "hard link":
      return hardLink(acts, acts.some("file"), acts.somePlace());
    case "unpack":
      return unpack(acts, acts.somePlace());
    case "copy a folder":
      return copyTree(acts, acts.some("folder"), acts.somePlace());
    case "copy exactly":
      return copyTree(acts, acts.some("file"), acts.somePlace());
    case "touch":
      return touch(acts, acts.some());
    case "edit and set the time back":
      return editUnderOldTime(acts, acts.some("file"));
    case "overwrite with what was there before":
      return overwriteShared(acts, acts.some("file"));
    case "cut and paste":
      return cutAndPaste(acts, acts.some("file"));
    case "empty a folder":
      return emptyFolder(acts, acts.some("folder") ?? "");
  }
}

function makeLink({ root, say, work, names, missingFeatures }: BasicActs, path: string): void {
  if (root.at(path) !== undefined || missingFeatures.has("symbolic links")) return;
  const target = pick(work, [...names, "../a", "not there"]) ?? "a";
  say(`makes ${path} a link to ${target}`);
  root.create(path, "symlink", true, target);
}

async function replaceByLink(acts: BasicActs, path: string | undefined): Promise<void> {
  const { root, ledger, say, work, pause } = acts;
  const inode = path === undefined ? undefined : root.at(path);
  if (path === undefined || inode === undefined || acts.missingFeatures.has("symbolic links")) return;
  if (inode.kind === "folder" || work() < 0.5) {
    say(`puts a link in the place of ${path}`);
    await acts.deleteTree(path);
    if (work() < 0.3) await pause();
    return makeLink(acts, path);
  }
  // Acts like `ln -sf`.
  const temporary = `${path}.new`;
  makeLink(acts, temporary);
  if (work() < 0.3) await pause();
  const old = root.at(path);
  if (old === undefined || old.kind === "folder") return;
  say(`puts ${temporary} over ${path}`);
  ledger.discard(root, old);
  root.rename(temporary, path, { over: true, isPersons: true });
}

async function makeFileOf({ root, say, work, ...acts }: BasicActs, path: string | undefined): Promise<void> {
  if (path === undefined || root.at(path) === undefined) return;
  say(`makes a file of ${path}`);
  await acts.deleteTree(path);
  if (work() < 0.3) await acts.pause();
  await acts.create(path, acts.newBytes());
}

function hardLink({ root, say, missingFeatures }: BasicActs, from: string | undefined, to: string): void {
  if (missingFeatures.has("hard links")) return;
  if (from === undefined || root.at(from)?.kind !== "file" || root.at(to) !== undefined) return;
  say(`links ${from} as ${to}`);
  root.link(from, to, true);
}

async function unpack({ root, say, work, names, ...acts }: BasicActs, path: string): Promise<void> {
  if (root.at(path) !== undefined) return;
  say(`unpacks ${path}`);
  root.create(path, "folder", true);
  const inner = `${path}/${pick(work, names) ?? "a"}`;
  root.create(inner, "folder", true);
  for (const folder of [path, inner, inner]) {
    const place = `${folder}/${pick(work, names) ?? "a"}`;
    if (root.at(place) === undefined) await acts.create(place, acts.newBytes());
  }
}

/** Copies like `cp -r`. */
async function copyTree({ root, say, ...acts }: BasicActs, from: string | undefined, to: string): Promise<void> {
  if (from === undefined || `${to}/`.startsWith(`${from}/`) || root.at(to) !== undefined) return;
  const first = root.at(from);
  if (first === undefined) return;
  say(`copies ${from} to ${to}`);
  const below = first.kind === "folder" ? [...root.below(from)] : [];
  for (const [path, { kind, now, target }] of [[from, first] as const, ...below]) {
    const place = `${to}${path.slice(from.length)}`;
    if (root.at(place) !== undefined) return;
    if (kind === "file") await acts.create(place, now.bytes);
    else root.create(place, kind, true, target);
  }
}

function touch({ root, say }: BasicActs, path: string | undefined): void {
  const inode = path === undefined ? undefined : root.at(path);
  if (inode === undefined) return;
  say(`touches ${path}`);
  root.write(inode, { mtimeNs: root.timeNs() }, true);
}

/** Writes the same length and restores the time, like some programs. */
function editUnderOldTime({ root, ledger, say, newBytes }: BasicActs, path: string | undefined): void {
  const inode = path === undefined ? undefined : root.at(path);
  if (inode?.kind !== "file") return;
  const { mtimeNs, bytes } = inode.now;
  const next = newBytes();
  if (bytes.length < next.length) return;
  say(`edits ${path}, and sets its time back`);
  ledger.write(root, inode, Buffer.concat([next, bytes.subarray(next.length)]));
  root.write(inode, { mtimeNs }, true);
  say(`is done with ${ledger.close(root, inode, false)}`);
}

function overwriteShared({ root, ledger, say, work }: BasicActs, path: string | undefined): void {
  const inode = path === undefined ? undefined : root.at(path);
  if (inode?.kind !== "file") return;
  say(`overwrites ${path} with something old`);
  ledger.write(root, inode, Buffer.from(`shared ${Math.floor(work() * 3)}`));
  say(`is done with ${ledger.close(root, inode, true)}`);
}

/** Writes another file with the same bytes after a pause without one. */
async function cutAndPaste({ root, ledger, say, ...acts }: BasicActs, path: string | undefined): Promise<void> {
  const inode = path === undefined ? undefined : root.at(path);
  if (path === undefined || inode?.kind !== "file") return;
  say(`cuts ${path} out`);
  const { bytes } = inode.now;
  ledger.discard(root, inode);
  root.remove(path, true);
  await acts.pause();
  const to = acts.work() < 0.5 ? path : acts.somePlace();
  if (root.at(to) === undefined) await acts.create(to, bytes);
}

async function emptyFolder({ root, say, deleteTree }: BasicActs, path: string): Promise<void> {
  if (path !== "" && root.at(path)?.kind !== "folder") return;
  say(`empties ${path === "" ? "the root" : path}`);
  for (const { name } of root.list(path)) {
    if (name !== ".holdfast") await deleteTree(path === "" ? name : `${path}/${name}`);
  }
}

/** No rule distinguishes a folder from a file of the same name, because a hidden and a visible one would collide. */
const rules = ["", "/a\n", "*.txt\n", "b\n", "d\n!/d\n", "/d/*\n!/d/b\n", "**/e.txt\n/c.txt\n"];

export async function writeRules({ root, ledger, say, work, create }: BasicActs): Promise<void> {
  const text = pick(work, rules) ?? "";
  const inode = root.at(ignorePath);
  if (inode !== undefined && inode.kind !== "file") return;
  say(`hides ${JSON.stringify(text)}`);
  if (inode === undefined) return create(ignorePath, Buffer.from(text), true);
  ledger.write(root, inode, Buffer.from(text));
  say(`is done with ${ledger.close(root, inode, true)}`);
}
