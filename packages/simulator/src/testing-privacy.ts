import assert from "node:assert/strict";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { NodeJson } from "@holdfast/protocol/values";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

export const file = "keys/id.txt";

export async function withFile(alone = new Alone()): Promise<Alone> {
  alone.mkdir("keys");
  alone.write(file, "old");
  assert.ok((await alone.once()).inSync);
  return alone;
}

export function chmod(alone: Alone, isPrivate: boolean, paths: readonly string[] = ["keys", file]): void {
  for (const path of paths) alone.root.write(alone.root.mustBeAt(path), { isPrivate }, true);
}

export function setOnServer(alone: Alone, isPrivate: boolean, paths: readonly string[] = ["keys", file]): void {
  for (const path of paths) {
    const operation_id = alone.world.model.fresh("another's ");
    alone.onServer({ op: "set", operation_id, file_id: alone.serverId(path), private: isPrivate });
  }
}

export function both(alone: Alone, paths: readonly string[] = ["keys", file]): [boolean, boolean | undefined][] {
  return paths.map((path) => [
    alone.root.mustBeAt(path).now.isPrivate,
    alone.world.model.nodes.get(alone.serverId(path))?.isPrivate,
  ]);
}

export const closed = [
  [true, true],
  [true, true],
];
export const open = [
  [false, false],
  [false, false],
];

export async function modesAndNames(alone: Alone): Promise<string[]> {
  const calls: string[] = [];
  const disk = alone.disk();
  const noting: LocalDisk = {
    ...disk,
    setPrivate: (path, isPrivate) => (calls.push(`close ${path}`), disk.setPrivate(path, isPrivate)),
    rename: (from, to) => (calls.push(`name ${to}`), disk.rename(from, to)),
  };
  assert.ok((await alone.once({ disk: noting })).inSync);
  return calls;
}

export async function actsOf(alone: Alone, options: Partial<EngineOptions> = {}): Promise<string[]> {
  const acts: string[] = [];
  const disk = alone.disk();
  const setPrivate: LocalDisk["setPrivate"] = (path, isPrivate) => {
    acts.push(`${path} ${isPrivate ? "closed" : "opened"}`);
    return disk.setPrivate(path, isPrivate);
  };
  const server = alone.server();
  const commit: Server["commit"] = (epoch, operations, blocks) => {
    acts.push(...operations.map(({ op }) => `sent ${op}`));
    return server.commit(epoch, operations, blocks);
  };
  assert.ok((await alone.once({ ...options, disk: { ...disk, setPrivate }, server: { ...server, commit } })).inSync);
  return acts;
}

export async function inSteps(alone: Alone, steps: readonly (() => void)[]): Promise<void> {
  const engine = alone.make();
  const run = engine.run();
  const { scheduler } = alone.world;
  const pass = (): Promise<boolean> => scheduler.runUntil(scheduler.nowMicros + 5_000_000, () => false);
  await pass();
  for (const step of steps) {
    step();
    engine.hint(["", "keys"]);
    await pass();
  }
  await scheduler.runUntil(scheduler.nowMicros + 30_000_000, () => false);
  engine.stop();
  await alone.pass(run);
}

/** Simulates an older server, which accepts but does not store the value. */
export function withoutPrivacy(server: Server): Server {
  const strip = ({ private: _private, ...node }: NodeJson): NodeJson => node;
  return {
    ...server,
    snapshot: async (cursor) => {
      const page = await server.snapshot(cursor);
      return { ...page, items: page.items.map(strip) };
    },
    listChanges: async (token) => {
      const page = await server.listChanges(token);
      const changes = page.changes.map((change) => (change.node ? { ...change, node: strip(change.node) } : change));
      return { ...page, changes };
    },
    commit: async (epoch, operations, blocks) => {
      const kept = operations.map((operation): BatchOperationInput => {
        if (!("private" in operation)) return operation;
        const { private: _private, ...rest } = operation;
        return rest;
      });
      const { results, ...answer } = await server.commit(epoch, kept, blocks);
      for (const result of results) if (result.node) Object.assign(result, { node: strip(result.node) });
      return { ...answer, results };
    },
  };
}
