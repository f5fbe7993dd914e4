import { dirname } from "node:path";
import type { FileCall } from "./file-call.ts";

export interface Recording {
  readonly calls: readonly FileCall[];
  /** What stood below the folder when the recording began, all of it durable. */
  readonly before: ReadonlySet<string>;
  /** Absolute and without links: what lies elsewhere is not looked at. */
  readonly folder: string;
}

/** What a power cut could take away, and what it could have torn meanwhile. */
export interface Undurable {
  /** When the recording, or the part of it that was asked for, ended: "content of PATH", "attributes of", "name", "removal of". */
  readonly atEnd: readonly string[];
  /** Files that were given a name while their content was not durable: "PATH". A power cut could have left an empty file there. */
  readonly namedEarly: readonly string[];
}

/**
 * Replays what a program did to the real disk, and says what of it was not durable at its end. A sync counts only for what had
 * ended when it began, and only once it has returned.
 * @param until text with which something was said (written to a pipe or a socket): the replay ends when that began
 */
export function findUndurable({ calls, before, folder }: Recording, until?: string): Undurable {
  const end = until === undefined ? undefined : calls.find(({ what, path }) => what === "say" && path.includes(until));
  if (until !== undefined && end === undefined) throw new Error(`Nobody said ${JSON.stringify(until)}.`);
  const replay = new Replay(before);
  const isInside = (path: string | undefined): boolean => path?.startsWith(`${folder}/`) === true;
  for (const call of calls) {
    if (end !== undefined && call.endedAt >= end.beganAt) break;
    const concerns = call.what === "syncAll" || call.path === folder || isInside(call.path) || isInside(call.to);
    if (concerns && call.what !== "say") replay.take(call);
  }
  return { atEnd: replay.undurable(), namedEarly: [...replay.namedEarly] };
}

/** A file or folder; times are places in the recording, of the last change. */
interface Inode {
  contentAt?: number | undefined;
  attributesAt?: number | undefined;
}

/** What a name stood for when it was last durable, against what it stands for. */
interface PendingName {
  readonly wasThere: boolean;
  readonly changedAt: number;
}

class Replay {
  readonly namedEarly = new Set<string>();
  #inodes = new Map<string, Inode>();
  #pending = new Map<string, PendingName>();

  constructor(before: ReadonlySet<string>) {
    for (const path of before) this.#inodes.set(path, {});
  }

  take({ what, path, to = "", beganAt, endedAt }: FileCall): void {
    if (what === "write") this.#at(path).contentAt = endedAt;
    else if (what === "attributes") this.#at(path).attributesAt = endedAt;
    else if (what === "make") this.#name(path, {}, endedAt);
    else if (what === "open" && !this.#inodes.has(path)) this.#name(path, {}, endedAt);
    else if (what === "remove") this.#name(path, undefined, endedAt);
    else if (what === "link") this.#give(to, this.#at(path), endedAt);
    else if (what === "rename") this.#rename(path, to, endedAt);
    else if (what === "exchange") this.#exchange(path, to, endedAt);
    else if (what === "syncAll") this.#syncAll(beganAt);
    else if (what === "sync" || what === "datasync") this.#sync(path, what, beganAt);
  }

  undurable(): string[] {
    const found: string[] = [];
    for (const [path, { contentAt, attributesAt }] of this.#inodes) {
      if (contentAt !== undefined) found.push(`content of ${path}`);
      if (attributesAt !== undefined) found.push(`attributes of ${path}`);
    }
    for (const path of this.#pending.keys()) found.push(`${this.#inodes.has(path) ? "name" : "removal of"} ${path}`);
    return found.toSorted();
  }

  /** What was there before the recording, but was made known by nothing, is durable. */
  #at(path: string): Inode {
    const known = this.#inodes.get(path) ?? {};
    this.#inodes.set(path, known);
    return known;
  }

  #name(path: string, inode: Inode | undefined, at: number): void {
    const wasThere = this.#pending.get(path)?.wasThere ?? this.#inodes.has(path);
    if (inode === undefined) this.#inodes.delete(path);
    else this.#inodes.set(path, inode);
    // A name that never was durable, and is gone, has left nothing that a power cut could change.
    if (inode === undefined && !wasThere) this.#pending.delete(path);
    else this.#pending.set(path, { wasThere, changedAt: at });
  }

  #give(path: string, inode: Inode, at: number): void {
    if (inode.contentAt !== undefined) this.namedEarly.add(path);
    this.#name(path, inode, at);
  }

  #rename(from: string, to: string, at: number): void {
    const below = this.#below(from);
    const moved = this.#at(from);
    this.#name(from, undefined, at);
    this.#give(to, moved, at);
    for (const [path, inode] of below) {
      const next = `${to}${path.slice(from.length)}`;
      const pending = this.#pending.get(path);
      this.#inodes.delete(path);
      this.#pending.delete(path);
      this.#inodes.set(next, inode);
      if (pending !== undefined) this.#pending.set(next, pending);
      if (inode.contentAt !== undefined) this.namedEarly.add(next);
    }
  }

  #exchange(one: string, other: string, at: number): void {
    const aside = `${one}\0`;
    this.#rename(one, aside, at);
    this.#rename(other, one, at);
    this.#rename(aside, other, at);
    this.namedEarly.delete(aside);
  }

  #below(folder: string): [string, Inode][] {
    return [...this.#inodes].filter(([path]) => path.startsWith(`${folder}/`));
  }

  #sync(path: string, what: "sync" | "datasync", beganAt: number): void {
    const inode = this.#inodes.get(path);
    if (inode !== undefined) settle(inode, what, beganAt);
    for (const [name, { changedAt }] of this.#pending) {
      if (dirname(name) === path && changedAt < beganAt) this.#pending.delete(name);
    }
  }

  #syncAll(beganAt: number): void {
    for (const inode of this.#inodes.values()) settle(inode, "sync", beganAt);
    for (const [name, { changedAt }] of this.#pending) if (changedAt < beganAt) this.#pending.delete(name);
  }
}

function settle(inode: Inode, what: "sync" | "datasync", beganAt: number): void {
  if (inode.contentAt !== undefined && inode.contentAt < beganAt) inode.contentAt = undefined;
  if (what === "sync" && inode.attributesAt !== undefined && inode.attributesAt < beganAt)
    inode.attributesAt = undefined;
}
