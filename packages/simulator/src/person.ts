import { HoldfastError } from "@holdfast/core/errors";
import { pick, type Tape } from "./chances.ts";
import { doFurther, furtherVerbs, writeRules } from "./further-deeds.ts";
import type { Life } from "./scheduler.ts";
import { describeInode, type Inode, type SimulatedRoot } from "./simulated-root.ts";
import type { PersonOptions } from "./person-options.ts";

const verbs = [
  "create",
  "create",
  "create shared",
  "mkdir",
  "mkdir",
  "overwrite",
  "overwrite",
  "save by rename",
  "append",
  "write a document",
  "edit a document",
  "edit a document",
  "copy",
  "move",
  "move",
  "move",
  "delete",
  "delete",
  "swap",
  "retype",
  "set executable",
] as const;
type Verb = (typeof verbs)[number];

/** Long enough that each has its own blocks. */
const paragraphs = [
  "It was a dark and stormy night; the rain fell in torrents, except at occasional intervals.",
  "Call me Ishmael. Some years ago, never mind how long precisely, having little money in my purse.",
  "All happy families are alike; each unhappy family is unhappy in its own way, as they say.",
  "Happy is the country which has no history, and happier the one which keeps it in order.",
];

/** A person at a synced folder who works like people and programs do: in several steps, and without waiting for the engine. */
export class Person {
  readonly #options: PersonOptions;
  readonly life: Life;
  deeds = 0;
  /** Number of these that cause a conflicted copy without another person's act. */
  copyingDeeds = 0;
  #count = 0;
  #work: Tape = () => 0;

  constructor(options: PersonOptions) {
    this.#options = options;
    this.life = { isAlive: true, name: options.name };
  }

  /** @param work decides act, place and speed */
  async act(work: Tape): Promise<void> {
    this.#work = work;
    const isRuling = this.#options.isSelective && work() < 0.12;
    const isFurther = this.#options.isVersatile && work() < 0.4;
    try {
      if (isRuling) await writeRules(this.#basicActs());
      else if (isFurther) await doFurther(pick(work, furtherVerbs) ?? "touch", this.#basicActs());
      else await this.#do(pick(work, verbs) ?? "create");
    } catch (error) {
      // Another act was faster, and the item is gone.
      if (!(error instanceof HoldfastError)) throw error;
    }
    this.#options.changed();
  }

  setPrivate(work: Tape): void {
    const { root } = this.#options;
    const path = this.#some(pick(work, ["file", "folder"] as const), work);
    if (path === undefined) return;
    const isPrivate = work() < 0.7;
    this.#say(`makes ${path} ${isPrivate ? "private" : "readable for others"}`);
    root.write(root.mustBeAt(path), { isPrivate }, true);
    this.#options.changed();
  }

  /** Acts right before a call of the engine, at that path or elsewhere. */
  interfere(path: string | undefined, work: Tape): void {
    const { root, ledger } = this.#options;
    const inode = path === undefined ? undefined : root.at(path);
    if (inode?.kind === "file") {
      this.#say(`overwrites ${path} in that moment`);
      ledger.write(root, inode, this.#newBytes(work));
      // The engine may hold both this and the former content, so the conflict needs no second person.
      this.copyingDeeds += 1;
      this.#say(`is done with ${ledger.close(root, inode, false)}`);
      this.#options.changed();
      return;
    }
    const [from, to] = [this.#some(undefined, work), this.#somePlace(work)];
    const isInside = from !== undefined && `${to}/`.startsWith(`${from}/`);
    if (from === undefined || isInside || root.at(to) !== undefined || work() < 0.3) return;
    // An item moved to a read-only folder also stays at its old place. This must not double forever.
    if (isFolder(root, from) && this.#options.isSharing && [...root.visible()].length > crowdMax) return;
    this.#say(`moves ${from} to ${to} in that moment`);
    root.rename(from, to, { over: false, isPersons: true });
    this.#options.changed();
  }

  /** Writes twice within a clock tick and with the same length; the first write may already have been read. */
  async stutter(path: string, work: Tape): Promise<void> {
    const { root, ledger } = this.#options;
    const inode = root.at(path);
    if (inode?.kind !== "file") return;
    this.#say(`writes twice to ${path} in that moment`);
    const bytes = [0, 1].map(() => padded(`${this.#options.name} stutters, ${(this.#count += 1)}`, 40));
    ledger.write(root, inode, bytes[0] ?? new Uint8Array());
    const isHere = await this.#wait(700 + work() * 1500);
    if (!isHere || root.linksOf(inode) === 0) return;
    ledger.write(root, inode, bytes[1] ?? new Uint8Array());
    this.#say(`is done with ${ledger.close(root, inode, false)}`);
    this.#options.changed();
  }

  async #do(verb: Verb): Promise<void> {
    switch (verb) {
      case "create":
        return this.#create(this.#somePlace(), this.#newBytes());
      case "create shared":
        return this.#create(this.#somePlace(), Buffer.from(`shared ${Math.floor(this.#work() * 3)}`), true);
      case "mkdir":
        return this.#mkdir(this.#somePlace());
      case "overwrite":
        return this.#overwrite(this.#some("file"));
      case "save by rename":
        return this.#saveByRename(this.#some("file"));
      case "append":
        return this.#append(this.#some("file"));
      case "write a document":
        return this.#create(this.#somePlace(), this.#newDocument());
      case "edit a document":
        return this.#edit(this.#some("file"));
      case "copy":
        return this.#copy(this.#some("file"), this.#somePlace());
      case "move":
        return this.#move(this.#some(), this.#somePlace());
      case "delete":
        return this.#delete(this.#some());
      case "swap":
        return this.#swap(this.#some(), this.#some());
      case "retype":
        return this.#retype(this.#some("file"));
      case "set executable":
        return this.#setExecutable(this.#some("file"));
    }
  }

  #basicActs(): Parameters<typeof doFurther>[1] {
    return {
      ...this.#options,
      work: this.#work,
      say: (what) => this.#say(what),
      pause: () => this.#pause(),
      some: (kind) => this.#some(kind),
      somePlace: () => this.#somePlace(),
      newBytes: () => this.#newBytes(),
      create: (path, bytes, isShared) => this.#create(path, bytes, isShared),
      deleteTree: (path) => this.#deleteTree(path),
    };
  }

  async #create(path: string, bytes: Uint8Array, isShared = false): Promise<void> {
    const { root, ledger } = this.#options;
    if (root.at(path) !== undefined) return;
    this.#say(`creates ${path}`);
    const inode = root.create(path, "file", true);
    if (this.#work() < 0.4) await this.#pause();
    ledger.write(root, inode, bytes);
    this.#say(`is done with ${ledger.close(root, inode, isShared)}`);
  }

  async #mkdir(path: string): Promise<void> {
    if (this.#options.root.at(path) !== undefined) return;
    this.#say(`makes the folder ${path}`);
    this.#options.root.create(path, "folder", true);
  }

  async #overwrite(path: string | undefined): Promise<void> {
    const { root, ledger } = this.#options;
    const inode = path === undefined ? undefined : root.at(path);
    if (inode?.kind !== "file") return;
    this.#say(`overwrites ${path}`);
    if (this.#work() < 0.6) {
      ledger.write(root, inode, new Uint8Array());
      await this.#pause();
    }
    ledger.write(root, inode, this.#newBytes());
    this.#say(`is done with ${ledger.close(root, inode, false)}`);
  }

  async #saveByRename(path: string | undefined): Promise<void> {
    const { root, ledger } = this.#options;
    if (path === undefined || root.at(path)?.kind !== "file") return;
    this.#say(`saves ${path} by rename`);
    const temporary = `${path}.new`;
    await this.#create(temporary, this.#newBytes());
    await this.#pause();
    const old = root.at(path);
    if (old?.kind !== "file") return;
    ledger.discard(root, old);
    // Some programs copy the old file's mode, others use the umask.
    const { isPrivate } = old.now;
    if (isPrivate && this.#count % 2 === 0) root.write(root.mustBeAt(temporary), { isPrivate }, true);
    root.rename(temporary, path, { over: true, isPersons: true });
  }

  async #append(path: string | undefined): Promise<void> {
    const { root, ledger } = this.#options;
    const inode = path === undefined ? undefined : root.at(path);
    if (inode?.kind !== "file") return;
    this.#say(`appends to ${path}`);
    for (let piece = 0; piece < 3; piece += 1) {
      ledger.write(root, inode, Buffer.concat([inode.now.bytes, this.#newBytes()]));
      await this.#pause();
    }
    this.#say(`is done with ${ledger.close(root, inode, false)}`);
  }

  /** Edits in the middle, like programs that keep the rest. */
  async #edit(path: string | undefined): Promise<void> {
    const { root, ledger } = this.#options;
    const work = this.#work;
    const inode = path === undefined ? undefined : root.at(path);
    if (inode?.kind !== "file" || inode.now.bytes.length < 100) return;
    this.#say(`edits ${path}`);
    const old = inode.now.bytes;
    const at = Math.floor(work() * old.length);
    const next = Buffer.concat([old.subarray(0, at), this.#heading(), old.subarray(at + Math.floor(work() * 20))]);
    if (work() < 0.3) await this.#pause();
    ledger.write(root, inode, next);
    this.#say(`is done with ${ledger.close(root, inode, false)}`);
  }

  /** Adds a heading, so that no other content is equal. */
  async #copy(from: string | undefined, to: string): Promise<void> {
    const inode = from === undefined ? undefined : this.#options.root.at(from);
    if (inode?.kind !== "file") return;
    await this.#create(to, Buffer.concat([this.#heading(), inode.now.bytes]));
  }

  async #move(from: string | undefined, to: string): Promise<void> {
    const { root } = this.#options;
    // Another spelling of the same name counts as free.
    if (from === undefined || (root.at(to) !== undefined && root.at(to) !== root.at(from))) return;
    if (from === to) return;
    if (isFolder(root, from) && this.#options.isSharing && [...root.visible()].length > crowdMax) return;
    this.#say(`moves ${from} to ${to}`);
    root.rename(from, to, { over: false, isPersons: true });
  }

  async #delete(path: string | undefined): Promise<void> {
    if (path === undefined || this.#options.root.at(path) === undefined) return;
    this.#say(`deletes ${path}`);
    await this.#deleteTree(path);
  }

  async #deleteTree(path: string): Promise<void> {
    const { root, ledger } = this.#options;
    const inode = root.mustBeAt(path);
    if (inode.kind === "folder") for (const { name } of root.list(path)) await this.#deleteTree(`${path}/${name}`);
    if (this.#work() < 0.2) await this.#pause();
    const current = root.mustBeAt(path);
    if (current !== inode && current.kind === "folder") return;
    ledger.discard(root, current);
    root.remove(path, true);
  }

  async #swap(one: string | undefined, other: string | undefined): Promise<void> {
    const { root } = this.#options;
    if (one === undefined || other === undefined || one === other) return;
    if (`${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`)) return;
    this.#say(`swaps ${one} and ${other}`);
    const aside = `${one}.aside`;
    if (root.at(aside) !== undefined) return;
    root.rename(one, aside, { over: false, isPersons: true });
    if (this.#work() < 0.5) await this.#pause();
    root.rename(other, one, { over: false, isPersons: true });
    if (this.#work() < 0.5) await this.#pause();
    root.rename(aside, other, { over: false, isPersons: true });
  }

  async #retype(path: string | undefined): Promise<void> {
    const { root, ledger } = this.#options;
    const inode = path === undefined ? undefined : root.at(path);
    if (path === undefined || inode?.kind !== "file") return;
    this.#say(`makes a folder of ${path}`);
    ledger.discard(root, inode);
    root.remove(path, true);
    root.create(path, "folder", true);
    await this.#create(`${path}/inside`, this.#newBytes());
  }

  async #setExecutable(path: string | undefined): Promise<void> {
    const { root } = this.#options;
    const inode = path === undefined ? undefined : root.at(path);
    if (inode?.kind !== "file") return;
    this.#say(`flips the executable bit of ${path}`);
    root.write(inode, { executable: !inode.now.executable }, true);
  }

  /** Usually moments, sometimes seconds. */
  async #pause(): Promise<void> {
    const work = this.#work;
    this.#options.changed();
    const isHere = await this.#wait(work() < 0.8 ? work() * 90_000 : work() * 2_500_000);
    if (!isHere) throw new HoldfastError("failed", "The power went, and with it the program.");
  }

  /** @returns true if the program still runs */
  async #wait(micros: number): Promise<boolean> {
    const { root, scheduler } = this.#options;
    const { boots } = root;
    await scheduler.sleep(this.life, micros);
    return root.boots === boots;
  }

  #some(kind?: Inode["kind"], work: Tape = this.#work): string | undefined {
    const all = [...this.#options.root.visible()].filter(([, inode]) => kind === undefined || inode.kind === kind);
    return pick(work, all)?.[0];
  }

  #somePlace(work: Tape = this.#work): string {
    const { root, names } = this.#options;
    const folders = [
      "",
      ...[...root.visible()].filter(([, { kind }]) => kind === "folder").map(([path]) => `${path}/`),
    ];
    return `${pick(work, folders) ?? ""}${pick(work, names) ?? "a"}`;
  }

  #newBytes(work: Tape = this.#work): Uint8Array {
    this.#count += 1;
    return padded(`${this.#options.name} wrote this, number ${this.#count}. `, 20 + work() * 80);
  }

  #heading(): Uint8Array {
    this.#count += 1;
    return Buffer.from(`${this.#options.name} was here, number ${this.#count}.`);
  }

  /** Returns lines that everybody writes, in a new order. */
  #newDocument(): Uint8Array {
    const work = this.#work;
    const lines = Array.from({ length: 4 + Math.floor(work() * 8) }, () => pick(work, paragraphs) ?? "");
    return Buffer.concat([this.#heading(), Buffer.from(lines.join("\n"))]);
  }

  #say(what: string): void {
    this.deeds += 1;
    // A change of a copy before its upload leaves its bytes without a copy.
    if (what.includes("conflicted copy")) this.copyingDeeds += 1;
    this.#options.notice(`${this.#options.name} ${what}`);
  }
}

const crowdMax = 40;

function isFolder(root: SimulatedRoot, path: string): boolean {
  return root.at(path)?.kind === "folder";
}

/** Repeats the text at both ends, so that neither a partial write nor a torn one equals another content. */
function padded(text: string, sizeBytes: number): Uint8Array {
  return Buffer.from(text.padEnd(sizeBytes - text.length, ".") + text);
}

/** Returns the visible tree: path -> kind, content, executable bit. */
export function seenTree(root: SimulatedRoot): Map<string, string> {
  return new Map([...root.visible()].map(([path, inode]) => [path, describeInode(inode)]));
}
