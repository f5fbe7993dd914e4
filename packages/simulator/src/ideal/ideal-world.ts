import { privacyOf } from "@holdfast/sync/remote/responses";
import assert from "node:assert/strict";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { isAtRest, isFresh } from "@holdfast/sync/model/agreement";
import {
  type ContentKey,
  type DiskPlace,
  isLive,
  type LocalRow,
  nameOnDisk,
  type NodeState,
  type Place,
  type RemoteRow,
  type SyncedRow,
  type Trees,
} from "@holdfast/sync/model/trees";
import { folderContent } from "@holdfast/sync/model/content";
import { affectedPortion, affectedTrees } from "@holdfast/sync/plan/affected";
import { plan } from "@holdfast/sync/plan/plan";
import type { LocalOperation, Plan, RemoteOperation } from "@holdfast/sync/plan/plan-types";
import type { Policy } from "@holdfast/sync/plan/policy";
import { changeId } from "@holdfast/sync/plan/change-id";
import { settle } from "@holdfast/sync/plan/settle";

/**
 * Server and disk on which every planned change succeeds immediately. Checks that all changes are possible: free names,
 * existing folders, current bases.
 */
export class IdealWorld implements Trees {
  readonly rootId = "root" as NodeId;
  readonly remote = new Map<NodeId, RemoteRow>();
  readonly local = new Map<NodeId, LocalRow>();
  readonly synced = new Map<NodeId, SyncedRow>();
  readonly offers = [];
  readonly intents = new Map<NodeId, never>();
  readonly shares = new Map<NodeId, never>();
  readonly rights = new Map<NodeId, never>();
  readonly slotKey: (name: string) => string;
  readonly log: string[] = [];
  #seq = 0;
  #ids = 0;

  constructor(slotKey: (name: string) => string = nameKey) {
    this.slotKey = slotKey;
  }

  readonly policy: Policy = {
    device: "ada",
    nowMs: 0,
    slotKey: (name) => this.slotKey(name),
    seenSeqIn: () => 0,
    refusals: [],
    holdDeletions: () => new Set(),
    makeNodeId: () => this.newId(),
  };

  newId(): NodeId {
    this.#ids += 1;
    return `n${String(this.#ids).padStart(4, "0")}` as NodeId;
  }

  plan(): Plan {
    this.#checkPart(
      settle,
      (settlement) => new Map([...settlement.synced].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    );
    for (const [id, row] of settle(this).synced) putRow(this.synced, id, row);
    const policy = { ...this.policy, makeNodeId: () => "fresh" as NodeId };
    this.#checkPart(
      (trees) => plan(trees, policy),
      // Any member may name the group.
      ({ idChanges, remote, local }) => [
        new Set(idChanges),
        new Set(remote.map((each) => (each.group === undefined ? each : { ...each, group: "one" }))),
        new Set(local),
      ],
    );
    this.#checkPortion(policy);
    return plan(this, this.policy);
  }

  /** Checks plans of portions of the fresh nodes: each is part of the whole plan and lacks only the omitted portion. */
  #checkPortion(policy: Policy): void {
    const unsynced = this.#allIds().filter((id) => !isAtRest(this, id));
    const others = unsynced.filter((id) => !isFresh(this, id));
    const chosen = unsynced.filter((id, index) => isFresh(this, id) && (index + this.#seq) % 3 === 0);
    const { trees } = affectedPortion(this, others, { fresh: chosen, rowsMax: Infinity });
    const [part, whole] = [plan(inOrder(trees), policy), plan(inOrder(this), policy)];
    for (const list of ["idChanges", "remote", "local"] as const) {
      // The whole plan contains nothing else while there are ID changes.
      if (list !== "idChanges" && whole.idChanges.length > 0) continue;
      const [known, planned] = [new Set(whole[list].map(inWords)), new Set(part[list].map(inWords))];
      for (const each of planned) assert.ok(known.has(each), `only a part plans ${each}`);
      const wanted = new Set([...others, ...chosen]);
      for (const each of whole[list]) {
        const isWanted = wanted.has("from" in each ? each.from : each.id);
        if (isWanted) assert.ok(planned.has(inWords(each)), `a part leaves out ${inWords(each)}`);
      }
    }
  }

  #allIds(): NodeId[] {
    return [...new Set([...this.local.keys(), ...this.remote.keys(), ...this.synced.keys()])];
  }

  childrenOf(folder: NodeId): NodeId[] {
    const rows = [...this.local, ...this.remote, ...this.synced];
    return rows.flatMap(([id, row]) => (("place" in row ? row.place : row)?.parent === folder ? [id] : []));
  }

  /** Checks that the affected part leads to the same decision as the whole. */
  #checkPart<Decision>(decide: (trees: Trees) => Decision, comparable: (decision: Decision) => unknown): void {
    const unsynced = this.#allIds().filter((id) => !isAtRest(this, id));
    const part = affectedTrees(this, unsynced);
    assert.deepEqual(comparable(decide(inOrder(part))), comparable(decide(inOrder(this))));
  }

  settleDown(roundsMax = 40): Plan {
    for (let round = 0; round < roundsMax; round += 1) {
      const next = this.step();
      if (next.idChanges.length + next.remote.length + next.local.length === 0) return next;
    }
    throw new Error(`It does not come to rest:\n${this.log.slice(-40).join("\n")}`);
  }

  /** Plans once and executes a limited number of operations, without splitting groups or leaving parked nodes. */
  step(remoteMax = Infinity, localMax = Infinity): Plan {
    const next = this.plan();
    for (const idChange of next.idChanges) {
      this.log.push(`change ID ${idChange.from} ${idChange.to}`);
      const changes = changeId(this, idChange);
      for (const [id, row] of changes.remote) putRow(this.remote, id, row);
      for (const [id, row] of changes.local) putRow(this.local, id, row);
      for (const [id, row] of changes.synced) putRow(this.synced, id, row);
    }
    const begun = next.remote[remoteMax - 1]?.group;
    this.#send(next.remote.filter(({ group }, index) => index < remoteMax || (group !== undefined && group === begun)));
    for (const [index, operation] of next.local.entries()) {
      if (index < localMax || [...this.local.values()].some(isParked)) this.#act(operation);
    }
    // Each gets a response, and responses are agreed.
    for (const [id, row] of settle(this).synced) putRow(this.synced, id, row);
    return next;
  }

  serverPut(id: NodeId, change: Partial<RemoteRow>): void {
    const before = this.remote.get(id);
    this.#seq += 1;
    const content = change.content ?? before?.content ?? ("" as ContentKey);
    this.remote.set(id, {
      kind: "file",
      parent: this.rootId,
      name: "",
      executable: false,
      isPrivate: false,
      trashed: false,
      sizeBytes: 0,
      modifiedAt: "",
      operationId: null,
      ...before,
      ...change,
      content,
      versionId: content === before?.content ? before.versionId : `v${this.#seq}`,
      revision: `r${this.#seq}`,
      seq: this.#seq,
    });
  }

  diskPut(
    id: NodeId,
    change: Partial<Pick<LocalRow, "kind" | "parent" | "name" | "alias" | "content" | "executable" | "isPrivate">>,
  ): void {
    const fingerprint = { inode: 0n, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
    const blank = {
      kind: "file" as const,
      parent: this.rootId,
      name: "",
      content: "" as ContentKey,
      executable: false,
      isPrivate: false,
    };
    this.local.set(id, { ...blank, fingerprint, readState: "known", ...this.local.get(id), ...change });
  }

  /** Returns live server nodes: path -> kind, content, executable bit and privacy. */
  serverTree(): Map<string, string> {
    const live = new Map([...this.remote].filter(([id]) => isLive(this, id)));
    return new Map([...live].map(([id, row]) => [pathIn(this.rootId, live, id), shown(row)]));
  }

  diskTree(): Map<string, string> {
    return new Map([...this.local].map(([id, row]) => [pathIn(this.rootId, this.local, id), shown(row)]));
  }

  #send(operations: readonly RemoteOperation[]): void {
    for (const [index, operation] of operations.entries()) {
      this.log.push(`send ${describe(operation)}`);
      if ("base" in operation) assert.equal(operation.base.kind, this.remote.get(operation.id)?.kind);
      this.#commit(operation);
      const next = operations[index + 1];
      if (operation.group === undefined || next?.group !== operation.group) this.#checkServer();
    }
  }

  #commit(operation: RemoteOperation): void {
    const { id } = operation;
    switch (operation.op) {
      case "mkdir":
      case "symlink":
      case "create": {
        assert.ok(!this.remote.has(id), "an id is used once");
        const content = contentOfMade(operation);
        const kinds = { mkdir: "folder", symlink: "symlink", create: "file" } as const;
        const executable = operation.op === "create" && operation.local.executable;
        const isPrivate = privacyOf(operation) ?? false;
        this.serverPut(id, { ...operation.place, kind: kinds[operation.op], content, executable, isPrivate });
        break;
      }
      case "put":
        assert.equal(this.remote.get(id)?.versionId, operation.base.versionId);
        this.serverPut(id, {
          ...operation.revive,
          content: operation.local.content,
          executable: operation.executable ?? operation.base.executable,
          isPrivate: operation.isPrivate ?? operation.base.isPrivate,
          trashed: false,
        });
        break;
      case "move":
        assert.equal(this.remote.get(id)?.revision, operation.base.revision);
        this.serverPut(id, { ...operation.place, trashed: false });
        break;
      case "set":
        this.serverPut(id, {
          executable: operation.executable ?? operation.base.executable,
          isPrivate: operation.isPrivate ?? operation.base.isPrivate,
        });
        break;
      case "delete":
        assert.equal(this.remote.get(id)?.revision, operation.base.revision);
        this.serverPut(id, { trashed: true });
        break;
    }
    assert.ok(isLive(this, id) || operation.op === "delete", `${describe(operation)} stands in the trash or in itself`);
  }

  #checkServer(): void {
    const names = new Set<string>();
    for (const [id, row] of this.remote) {
      if (!isLive(this, id)) continue;
      const claim = `${row.parent}/${nameKey(row.name)}`;
      assert.ok(!names.has(claim), `two nodes are called ${claim} on the server`);
      names.add(claim);
    }
  }

  #act(operation: LocalOperation): void {
    this.log.push(`do ${describe(operation)}`);
    const { id } = operation;
    switch (operation.op) {
      case "create": {
        assert.ok(!this.local.has(id));
        this.#place(id, operation.place);
        const { kind, content, executable, isPrivate } = operation.remote;
        this.diskPut(id, { kind, ...operation.place, content, executable, isPrivate });
        break;
      }
      case "replace":
        this.diskPut(id, { ...modeOf(operation), content: operation.remote.content });
        break;
      case "move":
        this.#place(id, operation.place);
        this.diskPut(id, { ...operation.place, alias: operation.place.alias });
        break;
      case "copy_aside": {
        const { parent, name } = operation;
        const { content, executable, isPrivate } = operation.local;
        this.#place(undefined, { parent, name });
        this.diskPut(this.newId(), { parent, name, content, executable, isPrivate });
        break;
      }
      case "delete":
        for (const row of this.local.values()) assert.notEqual(row.parent, id, "a folder is deleted when it is empty");
        this.local.delete(id);
        break;
      case "park":
        this.diskPut(id, { name: `${parked}${id}`, parent: this.rootId, alias: undefined });
        break;
      case "set":
        this.diskPut(id, modeOf(operation));
        break;
    }
  }

  #place(id: NodeId | undefined, place: DiskPlace): void {
    const { parent } = place;
    const slot = this.slotKey(nameOnDisk(place));
    assert.ok(parent === this.rootId || this.local.get(parent)?.kind === "folder", "the folder is there");
    for (const [other, row] of this.local) {
      const isTaken = other !== id && row.parent === parent && this.slotKey(nameOnDisk(row)) === slot;
      assert.ok(!isTaken, `${nameOnDisk(place)} is free on the disk`);
    }
    for (let at = parent; at !== this.rootId; at = this.local.get(at)?.parent ?? this.rootId) {
      assert.notEqual(at, id, "nothing is moved into itself");
    }
  }
}

const parked = "(parked) ";

function contentOfMade(operation: RemoteOperation & { op: "mkdir" | "symlink" | "create" }): ContentKey {
  if (operation.op === "mkdir") return folderContent;
  return operation.op === "symlink" ? operation.content : operation.local.content;
}

function modeOf({ executable, isPrivate }: Pick<NodeState, "executable" | "isPrivate">) {
  return { executable, isPrivate };
}

function shown({ kind, content, executable, isPrivate }: NodeState): string {
  return `${kind} ${content}${executable ? " x" : ""}${isPrivate === true ? " p" : ""}`;
}

function isParked({ name }: LocalRow): boolean {
  return name.startsWith(parked);
}

function describe(operation: RemoteOperation | LocalOperation): string {
  const place = "place" in operation ? ` ${operation.place.parent}/${operation.place.name}` : "";
  return `${operation.op} ${operation.id}${place}`;
}

/** The order of the rows determines which node of a cycle is parked. */
function inOrder({ rootId, remote, local, synced, offers, intents, shares, rights }: Trees): Trees {
  const sorted = <Row>(rows: ReadonlyMap<NodeId, Row>): Map<NodeId, Row> =>
    new Map([...rows].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return {
    rootId,
    remote: sorted(remote),
    local: sorted(local),
    synced: sorted(synced),
    offers,
    intents,
    shares,
    rights,
  };
}

/** Any member may name the group. */
function inWords(planned: object): string {
  const words = "group" in planned && planned.group !== undefined ? { ...planned, group: "one" } : planned;
  return JSON.stringify(words, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

function putRow<Row>(rows: Map<NodeId, Row>, id: NodeId, row: Row | undefined): void {
  if (row === undefined) rows.delete(id);
  else rows.set(id, row);
}

function pathIn(rootId: NodeId, rows: ReadonlyMap<NodeId, Place>, id: NodeId): string {
  const names: string[] = [];
  for (let at = id; at !== rootId;) {
    const row = rows.get(at);
    if (row === undefined || names.length > 200) return `?/${names.join("/")}`;
    names.unshift(row.name);
    at = row.parent;
  }
  return names.join("/");
}
