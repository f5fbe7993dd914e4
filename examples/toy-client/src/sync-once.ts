import { createHash } from "node:crypto";
import { openAsBlob, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Answer, Api, type Problem, toRemote, type Values } from "./api.ts";
import { Disk, hashBlocks, type Local, racyMs, Stale } from "./disk.ts";
import { conflictedName, folderOf, inFolder, isCopyName, isName, keyOf, nameOf } from "./names.ts";
import { type Base, readState, type Remote, saveState, type State, syncPath } from "./state.ts";

/** `device` is part of the names of conflicted copies. */
export type Options = Readonly<Record<"server" | "token" | "folder" | "device", string>>;

/** One path: its local node, its node on the server, and the last agreed state. */
interface Entry {
  readonly path: string;
  readonly base: Base | undefined;
  readonly here: Local | undefined;
  readonly there: Remote | undefined;
  /** Id of the parent on the server; undefined: it is not a folder there. */
  readonly parent: string | undefined;
  readonly folderIsHere: boolean;
  lives: boolean;
  /** Folder with live content. */
  isNeeded: boolean;
}
type Act = () => unknown;

/** Maximum consecutive cycles without a change, each ended by outdated knowledge. */
const staleMax = 20;
/** Errors that show outdated knowledge of the server or disk. The next cycle decides again. */
const staleCodes =
  "conflict exists precondition trashed cycle subtree_changed not_found hash_mismatch reset ENOENT EEXIST ENOTDIR ENOTEMPTY";
/** Errors that the user must resolve. They do not block other actions. */
const refusedCodes = "quota forbidden too_large locked invalid_field damaged store_full device_suspended ENOSPC EACCES";

/**
 * Runs cycles until there is nothing to do.
 * @returns the number of changes, and the problems for the user
 */
export async function syncOnce(options: Options): Promise<{ changes: number; problems: string[] }> {
  const api = new Api(options.server, options.token);
  const run = new Run(options, api, (await api.call("GET", "/files/root")).id);
  for (let stale = 0; stale < staleMax;) {
    const before = run.changes;
    if (!(await run.cycle())) return { changes: run.changes, problems: [...run.problems] };
    stale = run.changes === before ? stale + 1 : 0;
  }
  return { changes: run.changes, problems: ["it does not come to rest", ...run.problems] };
}

class Run {
  readonly problems = new Set<string>();
  changes = 0;
  readonly #options: Options;
  readonly #api: Api;
  readonly #state: State;
  readonly #disk: Disk;
  /** Set after an action or on outdated knowledge. Either ends the cycle. */
  #isOver = false;
  #entries = new Map<string, Entry>();
  /** Paths of nodes that are not synced. Their names stay reserved, and their parent folders are kept. */
  #hidden = new Set<string>();

  constructor(options: Options, api: Api, root: string) {
    [this.#options, this.#api] = [options, api];
    this.#state = readState(options.folder) ?? { root, token: "", seen: 0, nodes: {}, base: {}, aside: [] };
    if (this.#state.root !== root) throw new Error("This folder was synced with another account.");
    this.#disk = new Disk(options.folder, this.#state);
    this.#disk.recover();
  }

  /**
   * Reads the changes of both sides, plans, and performs the first kind of action that applies.
   * @returns true if there may be more to do
   */
  async cycle(): Promise<boolean> {
    this.problems.clear();
    this.#isOver = false;
    this.#entries = new Map();
    await this.#attempt(async () => {
      await this.#hear();
      this.#entries = this.#compare();
      saveState(this.#options.folder, this.#state);
      return false;
    });
    const all = [...this.#entries.values()];
    const [move, makeWay] = [() => this.#followMoves(all), () => this.#makeWay(all)];
    const rest = [() => this.#makeFolders(all), () => this.#carry(all), () => this.#remove(all)];
    for (const acts of [move, makeWay, ...rest]) {
      if (this.#isOver) return true;
      for (const act of acts()) await this.#attempt(act);
    }
    return this.#isOver;
  }

  /** Performs one action. Expected errors do not stop others. An action that returns false had nothing to do. */
  async #attempt(act: Act): Promise<void> {
    try {
      if ((await act()) === false) return;
      [this.#isOver, this.changes] = [true, this.changes + 1];
      saveState(this.#options.folder, this.#state);
    } catch (error) {
      const { cause, code = "none" } = error as { cause?: Problem; code?: string };
      const why = cause?.code ?? code;
      if (why === "reset") this.#state.token = "";
      // The server was restored, so its missing nodes are not deletions. The state agreed on with the other history is void.
      if (cause?.reason === "epoch") Object.assign(this.#state, { base: {}, nodes: {} });
      if (error instanceof Stale || staleCodes.includes(why)) this.#isOver = true;
      else if (refusedCodes.includes(why)) this.problems.add((error as Error).message);
      else throw error;
    }
  }

  async #hear(): Promise<void> {
    const state = this.#state;
    if (state.token === "") await this.#hearAll();
    for (let more = true; more;) {
      const page = await this.#api.call("GET", "/changes/list", { query: { since_token: state.token } });
      const hasMoreBelow = page.changes.some(
        ({ kind, id, node, existed }) =>
          (kind === "appeared" && node?.kind !== "file") || (existed === true && state.nodes[id] === undefined),
      );
      for (const { id, node } of page.changes) {
        if (node === undefined) this.#drop(id);
        else if (node.seq >= (state.nodes[id]?.seq ?? 0)) state.nodes[id] = toRemote(node);
      }
      more = page.has_more;
      [state.token, state.seen] = [page.next_token, page.seq];
      // The server reports no nodes below a folder that appears. Listing everything is simple but slow.
      if (hasMoreBelow) await this.#hearAll();
    }
  }

  async #hearAll(): Promise<void> {
    const nodes: Record<string, Remote> = {};
    let page: Answer | undefined;
    do {
      const cursor = page?.next_cursor ?? undefined;
      page = await this.#api.call("GET", "/changes/snapshot", { query: cursor === undefined ? {} : { cursor } });
      for (const node of page.items) nodes[node.id] = toRemote(node);
    } while (page.next_cursor !== null);
    const ids = Object.keys(this.#state.nodes).filter((id) => nodes[id] === undefined);
    for (let at = 0; at < ids.length; at += 1000) {
      const { items } = await this.#api.call("POST", "/nodes/query", { json: { ids: ids.slice(at, at + 1000) } });
      if (items.some(({ state }) => state === "live")) throw new Stale("the snapshot lacks what is live");
    }
    Object.assign(this.#state, { nodes, token: page.token, seen: page.seq });
  }

  #drop(id: string): void {
    delete this.#state.nodes[id];
    for (const node of Object.values(this.#state.nodes)) if (node.parent_id === id) this.#drop(node.id);
  }

  /** Compares the three trees path by path and marks live entries (section 4 of docs/sync.md). */
  #compare(): Map<string, Entry> {
    const { base, nodes, root } = this.#state;
    this.#hidden = new Set();
    const hide = (path: string): unknown => this.#hidden.add(keyOf(path)) && this.problems.add(`${path} is left out`);
    const theres = new Map<string, Remote & { readonly path: string }>();
    const pathOf = ({ parent_id, name }: Remote): string | undefined => {
      const above = nodes[parent_id];
      if (!isName(name) || parent_id === root) return isName(name) ? name : undefined;
      const folder = above?.kind === "folder" ? pathOf(above) : undefined;
      return folder === undefined ? undefined : `${folder}/${name}`;
    };
    for (const node of Object.values(nodes)) {
      const path = pathOf(node);
      if (path !== undefined && (node.kind === "file" || node.kind === "folder"))
        theres.set(keyOf(path), { ...node, path });
      else if (path !== undefined) hide(path);
    }
    const heres = new Map<string, Local>();
    const locals = this.#disk.look(hide);
    // Scans twice, because a missing node may have moved during the scan.
    const again = this.#disk.look(hide);
    if (locals.some(({ print }, at) => print !== again[at]?.print)) throw new Stale("it moves");
    for (const local of locals) {
      if (heres.has(keyOf(local.path))) {
        this.#disk.move(local, this.#nameBeside(local.path, undefined));
        throw new Stale("one of two forms of a name has another now");
      }
      heres.set(keyOf(local.path), local);
    }
    for (const key of Object.keys(base)) if (!heres.has(key) && !theres.has(key)) delete base[key];
    const entries = new Map<string, Entry>();
    for (const key of new Set([...heres.keys(), ...theres.keys()])) {
      const [here, there, above] = [heres.get(key), theres.get(key), folderOf(key)];
      const folder = above === "" ? { id: root, kind: "folder" } : theres.get(above);
      const parent = folder?.kind === "folder" ? folder.id : undefined;
      const folderIsHere = above === "" || heres.get(above)?.kind === "folder";
      const known = { path: here?.path ?? there?.path ?? key, base: base[key], here, there, parent, folderIsHere };
      entries.set(key, { ...known, lives: false, isNeeded: false });
    }
    for (const entry of entries.values()) this.#agree(entry);
    const live = [...entries.values()].filter((entry) => isWanted(entry));
    for (const entry of live) entry.lives = true;
    for (const path of [...live.map((entry) => entry.path), ...this.#hidden]) {
      for (let each = folderOf(path); each !== ""; each = folderOf(each)) {
        const entry = entries.get(keyOf(each));
        if (entry !== undefined) entry.lives = entry.isNeeded = true;
      }
    }
    return entries;
  }

  #agree({ path, base, here, there }: Entry): void {
    if (here === undefined || there === undefined || here.kind !== there.kind) return;
    const isSame = base?.sha256 === here.sha256 && base.content_id === there.content_id;
    if (here.kind === "file" && !isSame) return;
    this.#know(path, there, here, Date.now() - here.mtime.getTime() > racyMs ? here.print : "");
  }

  #know(path: string, { id, kind, content_id }: Remote, local: Local | undefined, print = ""): void {
    if (local === undefined) throw new Stale(path);
    const { sha256, who } = local;
    this.#state.base[keyOf(path)] = { id, kind, content_id, sha256, who, print };
  }

  /** Detects moves by the unchanged local identity or the server's id. If both sides moved a node, the server's move wins. */
  #followMoves(entries: Entry[]): Act[] {
    const theres = new Map(entries.map((entry) => [entry.there?.id, entry]));
    const heres = new Map(entries.map((entry) => [entry.here?.who, entry]));
    for (const [key, { id, who, kind }] of Object.entries(this.#state.base)) {
      const [stands, there] = [this.#entries.get(key), theres.get(id)];
      const isStill = stands?.here?.kind === kind && (kind === "file" || stands.here.who === who);
      const here = isStill ? stands : heres.get(who);
      const [local, node] = [here?.here, there?.there];
      if (here === undefined || there === undefined || local === undefined || node === undefined) continue;
      const [from, to] = [keyOf(here.path), keyOf(there.path)];
      if (from !== key && from === to) return [() => this.#rename(key, to)];
      if (to !== key && there.here === undefined && there.folderIsHere && !to.startsWith(`${from}/`)) {
        return [() => (this.#disk.move(local, there.path), this.#rename(key, to))];
      }
      const isOpen = here.there === undefined && here.parent !== undefined && !this.#hidden.has(from);
      if (to === key && from !== key && isOpen) {
        const place = { parent_id: here.parent, name: nameOf(here.path) };
        return [async () => (await this.#change(node, place, local), this.#rename(key, from))];
      }
    }
    return [];
  }

  #rename(from: string, to: string): void {
    for (const [key, known] of Object.entries(this.#state.base)) {
      if (key !== from && !key.startsWith(`${from}/`)) continue;
      delete this.#state.base[key];
      this.#state.base[keyOf(to) + key.slice(from.length)] = known;
    }
  }

  #makeWay(entries: Entry[]): Act[] {
    return entries.flatMap((entry): Act[] => {
      const { path, here, there } = entry;
      if (here === undefined || there === undefined || here.kind === there.kind) return [];
      if (goesHere(entry) || goesThere(entry)) return [];
      const beside = this.#nameBeside(path, this.#options.device);
      if (here.kind === "file") return [() => this.#disk.move(here, beside)];
      return [() => this.#change(there, { name: nameOf(beside) })];
    });
  }

  #makeFolders(entries: Entry[]): Act[] {
    return entries.flatMap(({ path, here, there, lives, parent, folderIsHere }): Act[] => {
      if (!lives || this.#hidden.has(keyOf(path))) return [];
      if (there?.kind === "folder" && here === undefined && folderIsHere) {
        return [() => (this.#disk.makeFolder(path), this.#know(path, there, this.#disk.see(path)))];
      }
      if (here?.kind !== "folder" || there !== undefined || parent === undefined) return [];
      return [() => this.#post(here, { parent_id: parent, name: nameOf(path) })];
    });
  }

  #carry(entries: Entry[]): Act[] {
    return entries.flatMap(({ path, base, here, there, lives, parent, folderIsHere }): Act[] => {
      if (!lives || this.#hidden.has(keyOf(path))) return [];
      if (there?.kind === "file" && here === undefined && folderIsHere) return [() => this.#bring(path, there)];
      if (here?.kind === "file" && there === undefined && parent !== undefined) {
        return [() => this.#post(here, { parent_id: parent, name: nameOf(path) })];
      }
      if (here?.kind !== "file" || there?.kind !== "file") return [];
      const [isKeptHere, isKeptThere] = [base?.sha256 === here.sha256, base?.content_id === there.content_id];
      if (isKeptHere && isKeptThere) return [];
      if (isKeptHere) return [() => this.#bring(path, there, here)];
      if (!isKeptThere) return [() => this.#merge(here, there)];
      return [() => this.#post(here, { file_id: there.id, base_revision: there.revision })];
    });
  }

  /**
   * Resolves two contents of one file. Equal contents are recorded as agreed. Otherwise a copy of the local content is added beside it.
   * After the server has that copy, the server's content replaces the file.
   */
  async #merge(here: Local, there: Remote): Promise<boolean | void> {
    if (await this.#holds(this.#disk.at(here.path), there)) return this.#know(here.path, there, here);
    const beside = [...this.#entries.values()].filter(({ path }) => path !== here.path && isCopyName(nameOf(path)));
    const copy = beside.find(
      (each) => each.here?.sha256 === here.sha256 && folderOf(each.path) === folderOf(here.path),
    );
    if (copy !== undefined) {
      const isThere = copy.base?.sha256 === here.sha256 && copy.base.content_id === copy.there?.content_id;
      return isThere ? this.#bring(here.path, there, here) : false;
    }
    const bytes = readFileSync(this.#disk.at(here.path));
    if (createHash("sha256").update(bytes).digest("hex") !== here.sha256) throw new Stale(here.path);
    this.#disk.place(this.#disk.keep(bytes, here.mtime), this.#nameBeside(here.path, this.#options.device));
  }

  /** Returns true if the file has exactly the blocks of this version. */
  async #holds(file: string, { id, version_id, content_id }: Remote): Promise<boolean> {
    const list = await this.#api.call("GET", `/files/${id}/manifest`, { query: { version: version_id } });
    if (list.content_id !== content_id) throw new Stale("it has another content by now");
    const sizes = list.blocks.map(({ size }) => size);
    return hashBlocks(file, sizes)?.every((hash, at) => hash === list.blocks[at]?.hash) === true;
  }

  /** Downloads this version and verifies each block before the file gets its name. */
  async #bring(path: string, there: Remote, old?: Local): Promise<void> {
    const query = { version: there.version_id };
    const bytes = await (await this.#api.send("GET", `/files/${there.id}/download`, { query })).arrayBuffer();
    const file = this.#disk.keep(new Uint8Array(bytes), new Date(there.modified_at));
    if (!(await this.#holds(file, there))) throw new Stale("other bytes came");
    if (old === undefined) this.#disk.place(file, path);
    else this.#disk.takeAway(old, file);
    this.#know(path, there, this.#disk.see(path));
  }

  /** Uploads a local node after checking that it is unchanged and flushing it to disk. */
  async #post(here: Local, to: Values): Promise<void> {
    this.#disk.recheck(here);
    for (const each of [this.#disk.at(here.path), dirname(this.#disk.at(here.path))]) syncPath(each);
    const [sha256, modified_at] = [here.sha256, here.mtime.toISOString()];
    const node =
      here.kind === "folder"
        ? await this.#api.call("POST", "/metadata", { json: { kind: "folder", ...to } })
        : await this.#api.call("POST", "/files/upload", {
            query: { uploadType: "media", sha256, modified_at, ...to },
            body: await openAsBlob(this.#disk.at(here.path)),
          });
    this.#state.nodes[node.id] = toRemote(node);
    this.#know(here.path, toRemote(node), here);
  }

  async #change(there: Remote, what: Values, here?: Local): Promise<void> {
    if (here !== undefined) this.#disk.recheck(here);
    const json = { ...what, base_revision: there.revision };
    this.#state.nodes[there.id] = toRemote(await this.#api.call("PATCH", `/files/${there.id}`, { json }));
  }

  /** Carries deletions over. Local nodes go deepest first. On the server a folder goes with its content. */
  #remove(entries: Entry[]): Act[] {
    const deepFirst = entries.toSorted((one, other) => (one.path < other.path ? 1 : -1));
    const here = this.#brake(deepFirst.filter(goesHere), "here").flatMap(({ here: local }) => local ?? []);
    const there = this.#brake(entries.filter(goesThere), "on the server").flatMap(({ there: node }) => node ?? []);
    const tops = there.filter(({ parent_id }) => !there.some(({ id }) => id === parent_id));
    return [
      ...here.map((local) => () => this.#disk.takeAway(local)),
      ...tops.map(({ id, kind, revision }) => async () => {
        const query = { base_revision: revision, ...(kind === "folder" && { seen: this.#state.seen }) };
        await this.#api.send("DELETE", `/files/${id}`, { query });
        this.#drop(id);
      }),
    ];
  }

  /** Holds back large numbers of deletions for the user, because they are usually accidents. Other actions continue. */
  #brake(going: Entry[], where: string): Entry[] {
    if (going.length < Math.min(500, Math.max(50, Object.keys(this.#state.base).length / 4))) return going;
    this.problems.add(`${going.length} deletions ${where} wait for a person`);
    return [];
  }

  #nameBeside(path: string, device: string | undefined): string {
    const folder = folderOf(path);
    const isFree = (name: string): boolean => {
      const beside = inFolder(folder, name);
      return this.#disk.isFree(beside) && !this.#entries.has(keyOf(beside)) && !this.#hidden.has(keyOf(beside));
    };
    return inFolder(folder, conflictedName(nameOf(path), device, isFree));
  }
}

/** Returns true if the kind on one side is the agreed one, the other side deleted the node, and it is no folder with live content. */
const goes = ({ base, isNeeded }: Entry, one?: { kind: string }, other?: { kind: string }): boolean =>
  one !== undefined && base?.kind === one.kind && other?.kind !== one.kind && !(one.kind === "folder" && isNeeded);
const goesHere = (entry: Entry): boolean =>
  goes(entry, entry.here, entry.there) && entry.base?.sha256 === entry.here?.sha256;
const goesThere = ({ base, there, ...entry }: Entry): boolean =>
  goes({ base, there, ...entry }, there, entry.here) &&
  (base?.kind === "folder" ? base.id === there?.id : base?.content_id === there?.content_id);
const isWanted = (entry: Entry): boolean =>
  (entry.here !== undefined && !goesHere(entry)) || (entry.there !== undefined && !goesThere(entry));
