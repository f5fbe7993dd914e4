import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { Preview } from "@holdfast/sync/loop/engine/preview";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { pathOfNode } from "@holdfast/sync/model/tree-paths";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";

/** HOLDFAST_PREVIEWS=10000 for a long run; fast-check prints the seed of a failure. */
const numRuns = Number(process.env["HOLDFAST_PREVIEWS"] ?? (isLongTier ? 500 : 50));

const verbs = ["write", "write", "mkdir", "edit", "edit", "chmod", "move", "move", "delete"] as const;
const names = ["a", "b", "c.txt"];

interface Act {
  readonly isHere: boolean;
  readonly verb: (typeof verbs)[number];
  readonly node: number;
  readonly other: number;
  readonly name: number;
}

const acts = fc.array(
  fc.record<Act>({
    isHere: fc.boolean(),
    verb: fc.constantFrom(...verbs),
    node: fc.nat(20),
    other: fc.nat(20),
    name: fc.nat(names.length - 1),
  }),
  { maxLength: 8 },
);

interface Side {
  readonly paths: () => readonly string[];
  readonly isFolder: (path: string) => boolean;
  readonly write: (path: string, text: string) => void;
  readonly mkdir: (path: string) => void;
  readonly flip: (path: string) => void;
  readonly move: (from: string, to: string) => void;
  readonly remove: (path: string) => void;
}

function here(alone: Alone): Side {
  const isFolder = (path: string): boolean => alone.root.mustBeAt(path).kind === "folder";
  const remove = (path: string): void => {
    if (isFolder(path)) for (const { name } of alone.root.list(path)) remove(`${path}/${name}`);
    alone.remove(path);
  };
  return {
    paths: () => alone.diskPaths(),
    isFolder,
    write: (path, text) => alone.write(path, text),
    mkdir: (path) => alone.mkdir(path),
    flip: (path) => {
      const inode = alone.root.mustBeAt(path);
      alone.root.write(inode, { executable: !inode.now.executable }, true);
    },
    move: (from, to) => alone.move(from, to),
    remove,
  };
}

function there(alone: Alone): Side {
  const { model } = alone.world;
  const idOf = (path: string): string => (path === "" ? model.rootId : alone.serverId(path));
  const parts = (path: string): readonly [string, string] => {
    const slash = path.lastIndexOf("/");
    return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
  };
  const touched = new Set<string>();
  const send = (operation: BatchOperationInput): void => alone.onServer(operation);
  const operation_id = (): string => model.fresh("another's ");
  return {
    paths: () => alone.serverPaths(),
    isFolder: (path) => path === "" || model.nodes.get(idOf(path))?.kind === "folder",
    write: (path, text) => {
      if (alone.serverPaths().includes(path)) {
        touched.add(idOf(path));
        return alone.writeOnServer(path, text);
      }
      const [folder, name] = parts(path);
      alone.putOnServer(text, { parent_id: idOf(folder), name });
    },
    mkdir: (path) => {
      const [folder, name] = parts(path);
      send({ op: "mkdir", operation_id: operation_id(), parent_id: idOf(folder), name });
    },
    flip: (path) => {
      const executable = model.nodes.get(idOf(path))?.executable !== true;
      touched.add(idOf(path));
      send({ op: "set", operation_id: operation_id(), file_id: idOf(path), executable });
    },
    move: (from, to) => {
      const [folder, name] = parts(to);
      touched.add(idOf(from));
      alone.moveOnServer(idOf(from), name, idOf(folder));
    },
    remove: (path) => {
      const isBelow = (each: string): boolean => `${each}/`.startsWith(`${path}/`);
      // Earlier changes are in the trash with it and missing from the journal.
      if (alone.serverPaths().some((each) => isBelow(each) && touched.has(idOf(each)))) return;
      send({ op: "delete", operation_id: operation_id(), file_id: idOf(path) });
    },
  };
}

function act(side: Side, { verb, node, other, name }: Act, text: string): void {
  const paths = side.paths().filter((path) => path !== ".holdfastignore");
  const folders = ["", ...paths.filter((path) => side.isFolder(path))];
  const folder = folders[other % folders.length] ?? "";
  const place = folder === "" ? (names[name] ?? "a") : `${folder}/${names[name] ?? "a"}`;
  const isFree = !paths.includes(place);
  const path = paths[node % Math.max(1, paths.length)];
  if (verb === "write" && isFree) side.write(place, text);
  else if (verb === "mkdir" && isFree) side.mkdir(place);
  else if (path === undefined) return;
  else if (verb === "edit" && !side.isFolder(path)) side.write(path, text);
  else if (verb === "chmod" && !side.isFolder(path)) side.flip(path);
  else if (verb === "move" && isFree && !`${place}/`.startsWith(`${path}/`)) side.move(path, place);
  else if (verb === "delete") side.remove(path);
}

interface Scene {
  readonly before: readonly Act[];
  readonly after: readonly Act[];
  /** Index of a path on the disk at that time. */
  readonly excluded: number | undefined;
  readonly freeSpace: boolean;
}

const scenes = fc.record<Scene>({
  before: acts,
  after: acts,
  excluded: fc.option(fc.nat(20), { nil: undefined }),
  freeSpace: fc.boolean(),
});

async function play({ before, after, excluded }: Scene): Promise<{ alone: Alone; exclude: readonly string[] }> {
  const alone = new Alone();
  // Short enough for one block, however it is split.
  const doAll = (some: readonly Act[], when: string): void => {
    const [disk, server] = [here(alone), there(alone)];
    for (const [index, each] of some.entries())
      // Hidden items are not scanned, so collisions with a folder that moves on the server cannot be foreseen.
      if (each.isHere || each.verb !== "move" || excluded === undefined)
        act(each.isHere ? disk : server, each, `${when}${index}${each.isHere ? "h" : "t"}`);
  };
  doAll(before, "b");
  assert.ok((await alone.once()).inSync);
  doAll(after, "a");
  // A file read right after a change is read again and not freed before.
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 1_000_000, () => false);
  const paths = alone.diskPaths();
  const path = excluded === undefined ? undefined : paths[excluded % Math.max(1, paths.length)];
  return { alone, exclude: path === undefined ? [] : [path] };
}

/** Runs and returns the changes in a preview's words, from disk calls and accepted operations. */
async function runAndList(alone: Alone, exclude: readonly string[], freeSpace: boolean): Promise<string[]> {
  const changes: string[] = [];
  const add = (side: Preview["side"], what: Preview["what"], path: string): void =>
    void changes.push(`${side}: ${what} ${path}`);
  const disk = alone.disk();
  const isOwn = (path: string): boolean => path === ".holdfast" || path.startsWith(".holdfast/");
  const watched: LocalDisk = {
    ...disk,
    mkdir: async (path) => {
      await disk.mkdir(path);
      if (!isOwn(path)) add("here", "create", path);
    },
    rmdir: async (path) => {
      await disk.rmdir(path);
      if (!isOwn(path)) add("here", "delete", path);
    },
    exchange: async (one, other) => {
      await disk.exchange(one, other);
      add("here", "change", other);
    },
    setExecutable: async (path, executable) => {
      await disk.setExecutable(path, executable);
      add("here", "set executable", path);
    },
    rename: async (from, to) => {
      await disk.rename(from, to);
      if (isOwn(to)) {
        if (!isOwn(from) && to.startsWith(".holdfast/trash/")) add("here", "delete", from);
      } else if (from.startsWith(".holdfast/tmp/")) add("here", "create", to);
      else if (from.startsWith(".holdfast/trash/")) add("here", "copy aside", to);
      else add("here", "move", to);
    },
  };
  const server = alone.server();
  const whats = { mkdir: "create", symlink: "create", move: "move", set: "set executable", delete: "delete" } as const;
  const commit: Server["commit"] = async (epoch, operations, blocks) => {
    const current = new SyncState(alone.world.devices[0]!.database, alone.world.model.rootId as NodeId);
    const answer = await server.commit(epoch, operations, blocks);
    for (const [index, operation] of operations.entries()) {
      if (answer.results[index]?.status !== "committed") continue;
      const id = ("file_id" in operation ? operation.file_id : operation.id) as NodeId;
      const put = "file_id" in operation ? "change" : "create";
      const what = whats[operation.op as keyof typeof whats] ?? put;
      add("server", what, pathOfNode(current, id) ?? "?");
    }
    return answer;
  };
  const engine = alone.make({ disk: watched, server: { ...server, commit } });
  engine.exclude(exclude, { freeSpace });
  await alone.pass(engine.runOnce());
  return changes;
}

test("a dry run names the former path of each move, here and on the server", async () => {
  const alone = new Alone();
  const [onServer, onDisk] = [there(alone), here(alone)];
  for (const folder of ["one", "two"]) onDisk.mkdir(folder);
  for (const name of ["one/a", "one/b"]) onDisk.write(name, name);
  await alone.pass(alone.make().runOnce());
  onDisk.move("one/a", "two/moved here");
  onServer.move("one/b", "two/moved there");
  const { changes } = await alone.pass(alone.make().preview());
  assert.deepEqual(
    changes.toSorted((one, other) => one.path.localeCompare(other.path)),
    [
      { side: "server", what: "move", path: "two/moved here", from: "one/a" },
      { side: "here", what: "move", path: "two/moved there", from: "one/b" },
    ],
  );
  alone.close();
});

test("a dry run lists exactly what the run then does", async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const [dry, real] = [await play(scene), await play(scene)];
      const { writes } = dry.alone.world;
      const engine = dry.alone.make();
      engine.exclude(dry.exclude, { freeSpace: scene.freeSpace });
      const { changes: listed } = await dry.alone.pass(engine.preview());
      assert.equal(dry.alone.world.writes, writes, "nothing is done");
      const done = await runAndList(real.alone, real.exclude, scene.freeSpace);
      const words = listed.map(({ side, what, path }) => `${side}: ${what} ${path}`);
      assert.deepEqual(words.toSorted(), done.toSorted());
      for (const { alone } of [dry, real]) alone.close();
    }),
    { numRuns },
  );
});

test("a preview lists the uploads for which there is no space, and the others still fit", async () => {
  const alone = new Alone();
  alone.write("grown", "1234567890");
  await alone.once();
  alone.write("grown", "1234567890 and five");
  alone.write("long", "x".repeat(100));
  alone.write("short", "fits");
  const { changes, rejected } = await alone.pass(alone.make().preview({ freeBytes: 20 }));
  assert.deepEqual(
    changes.map(({ path }) => path),
    ["grown", "short"],
  );
  assert.deepEqual(
    rejected.map(({ path, code }) => `${code} ${path}`),
    ["quota long"],
  );
  alone.close();
});

test("a preview lists the changes in a read-only folder, which use no space of the account", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/new.txt", "of the guest");
  const previewed = await world.pass(world.make().preview({ freeBytes: 0 }));
  assert.deepEqual(previewed.changes, []);
  assert.deepEqual(
    previewed.rejected.map(({ path, code }) => `${code} ${path}`),
    ["read_only docs/new.txt"],
  );
  world.grant("editor");
  const { changes, rejected } = await world.pass(world.make().preview({ freeBytes: 0 }));
  assert.deepEqual([changes.map(({ path }) => path), rejected], [["docs/new.txt"], []]);
  world.close();
});
