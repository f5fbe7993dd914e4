import { dirname } from "node:path";
import type { FileCall } from "./file-call.ts";

export interface Recording {
  readonly calls: readonly FileCall[];
  /** Durable content of the folder at the start of the recording. */
  readonly before: ReadonlySet<string>;
  /** Absolute, without links; items elsewhere are ignored. */
  readonly folder: string;
}

/** Data that a power failure could remove, and could have damaged before. */
export interface Undurable {
  /** At the end of the recording or its requested part: "content of PATH", "attributes of", "name", "removal of". */
  readonly atEnd: readonly string[];
  /** Files named before their content was durable: "PATH". A power failure could have left an empty file there. */
  readonly namedEarly: readonly string[];
}

/**
 * Replays a program's changes of the real disk and returns those not durable at its end. A sync covers only calls that
 * ended before it began, and only once it has returned. Other tests would not notice a sync that does nothing.
 * @param until text written to a pipe or socket: the replay ends when that write began
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

/** File or folder; times are positions of the last change in the recording. */
interface Inode {
  contentAt?: number | undefined;
  attributesAt?: number | undefined;
}

/** Difference between a name's durable and current state. */
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

  /** Returns the item; an unknown one existed before the recording and is durable. */
  #at(path: string): Inode {
    const known = this.#inodes.get(path) ?? {};
    this.#inodes.set(path, known);
    return known;
  }

  #name(path: string, inode: Inode | undefined, at: number): void {
    const wasThere = this.#pending.get(path)?.wasThere ?? this.#inodes.has(path);
    if (inode === undefined) this.#inodes.delete(path);
    else this.#inodes.set(path, inode);
    // A removed name that was never durable has no effect after a power failure.
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
