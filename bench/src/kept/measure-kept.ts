import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CollectionJson } from "@holdfast/protocol/admin-routes";
import { administrator, holdfast, type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import { type FileTree, makeFiles } from "../data.ts";
import { type Row, timed } from "../report.ts";
import type { keptRowNames } from "../row-names.ts";

/** Number of files of 1 to 41 KiB: 100,000 are 2 GiB. */
export interface KeptScale {
  readonly files: number;
}

const sizeMaxKib = 41;
/** Retention times (docs/operation.md, Disk space), short enough to be over before the collection. */
const shortRetention = {
  HOLDFAST_RETENTION_VERSIONS: "1",
  HOLDFAST_RETENTION_VERSION_AGE: "1s",
  HOLDFAST_RETENTION_TRASH: "1s",
  HOLDFAST_RETENTION_BLOCKS: "1s",
  HOLDFAST_RETENTION_DOOMED: "1s",
  HOLDFAST_RETENTION_PACKS: "1s",
  HOLDFAST_SNAPSHOT_INTERVAL: "off",
  // One device overwrites half of all files.
  HOLDFAST_DEVICE_BRAKE: "off",
};

interface Kept {
  readonly folder: string;
  readonly wants: (name: (typeof keptRowNames)[number]) => boolean;
  readonly scale: KeptScale;
}

/**
 * Measures a store of which half is overwritten and a third deleted, and the cost of its backup during writes. The
 * store is compared with that of a new server with the same files.
 */
export async function measureKept({ folder, wants, scale }: Kept): Promise<Row[]> {
  const tree = makeFiles(join(folder, "tree"), scale.files, sizeMaxKib);
  const world = new KeptWorld(folder, tree);
  await world.start();
  try {
    const rows = await shrink(world);
    if (wants("kept-backup")) rows.push(...(await backUp(world)));
    return wants("kept-shrink") ? rows : rows.slice(-3);
  } finally {
    await world.stop();
  }
}

async function shrink(world: KeptWorld): Promise<Row[]> {
  const { tree } = world;
  await world.run("put", "--quiet", tree.path, "/tree");
  overwriteHalf(tree.path);
  await world.run("put", "--quiet", tree.path, "/tree");
  const gone = readdirSync(tree.path).filter((_, index) => index % 3 === 0);
  await world.run("rm", "--quiet", ...gone.map((name) => `/tree/${name}`));
  for (const name of gone) rmSync(join(tree.path, name), { recursive: true });
  const beforeBytes = world.storeBytes();
  let passes = 0;
  const seconds = await timed(async () => {
    // Each step waits for a period that starts after the previous one.
    while (!isNothing(await world.gc("--dry-run")) || passes < 5) {
      await world.gc("--now");
      passes += 1;
      if (passes > 200) throw new Error("The collection does not come to an end.");
    }
  });
  const afterBytes = world.storeBytes();
  const freshBytes = await freshStoreBytes(world);
  const work = `${tree.files} files, half overwritten and a third deleted`;
  return [
    {
      work: `${work}: the store beside that of a new server with what is live`,
      by: "holdfast",
      value: afterBytes / freshBytes,
      unit: "x",
      goal: { atMost: 1.1 },
      note: `${mb(beforeBytes)} became ${mb(afterBytes)}; new ${mb(freshBytes)}`,
    },
    { work: `${work}: collection`, by: "holdfast", value: seconds, unit: "s", note: `${passes} times --now` },
  ];
}

function isNothing({ bytes, versions, nodes }: CollectionJson): boolean {
  return bytes + versions + nodes === 0;
}

/** Overwrites two of every four, to include both kinds of content. */
function overwriteHalf(tree: string): void {
  for (const name of readdirSync(tree)) {
    for (const [index, file] of readdirSync(join(tree, name)).entries()) {
      if (index % 4 > 1) continue;
      const path = join(tree, name, file);
      writeFileSync(path, randomBytes(statSync(path).size));
    }
  }
}

async function freshStoreBytes({ folder, tree }: KeptWorld): Promise<number> {
  const fresh = new KeptWorld(join(folder, "fresh"), tree);
  await fresh.start();
  await fresh.run("put", "--quiet", tree.path, "/tree");
  await fresh.stop();
  return fresh.storeBytes();
}

async function backUp(world: KeptWorld): Promise<Row[]> {
  const place = join(world.folder, "backups");
  const time = { isOver: false };
  const writing = keepPutting(world, time);
  const reports: { bytes: number; added_bytes: number }[] = [];
  const backup = async () =>
    void reports.push(JSON.parse(await world.run("admin", "backup", place, "--data", world.data, "--json")));
  const first = await timed(backup);
  const second = await timed(backup);
  time.isOver = true;
  const written = await writing;
  const target = join(world.folder, "restored");
  const restore = await timed(() => world.run("admin", "restore-backup", place, "--data", target, "--quiet"));
  await compareRestored(world, target);
  const [one, two] = reports;
  const note = `${written} files were put meanwhile`;
  return [
    { work: "backup under write load", by: "holdfast", value: first, unit: "s", note: mb(one?.bytes ?? 0) },
    {
      work: "a second one",
      by: "holdfast",
      value: second,
      unit: "s",
      note: `${mb(two?.added_bytes ?? 0)} were new; ${note}`,
    },
    { work: "restore of it", by: "holdfast", value: restore, unit: "s" },
  ];
}

/** Simulates a person who puts one folder of 100 files after another. @returns number of files */
async function keepPutting({ folder, run }: KeptWorld, time: { readonly isOver: boolean }): Promise<number> {
  let files = 0;
  for (let round = 0; !time.isOver; round += 1) {
    const { path, files: made } = makeFiles(join(folder, "more", String(round)), 100, sizeMaxKib);
    await run("put", "--quiet", path, `/more-${round}`);
    files += made;
  }
  return files;
}

async function compareRestored({ folder, tree }: KeptWorld, data: string): Promise<void> {
  const restored = new KeptWorld(join(folder, "compared"), tree, data);
  await restored.start();
  await restored.run("get", "--quiet", "/tree", join(folder, "compared", "tree"));
  await restored.stop();
  execFileSync("diff", ["-r", tree.path, join(folder, "compared", "tree")]);
}

class KeptWorld {
  readonly folder: string;
  readonly tree: FileTree;
  readonly data: string;
  #server: ServerProcess | undefined;

  constructor(folder: string, tree: FileTree, data = join(folder, "data")) {
    this.folder = folder;
    this.tree = tree;
    this.data = data;
  }

  async start(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    this.#server = await spawnServer({ dataFolder: this.data, env: shortRetention });
    await this.run("login", this.#server.url, "--email", administrator.email, "--password-stdin");
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** @returns standard output */
  readonly run = async (...args: string[]): Promise<string> => {
    const env = { HOLDFAST_CONFIG_DIR: join(this.folder, "config") };
    const input = args[0] === "login" ? administrator.password : "";
    const { code, stdout, stderr } = await holdfast(args, { env, input });
    if (code !== 0) throw new Error(`holdfast ${args.slice(0, 3).join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  };

  async gc(how: "--now" | "--dry-run"): Promise<CollectionJson> {
    return JSON.parse(await this.run("admin", "gc", how, "--json"));
  }

  storeBytes(): number {
    const entries = readdirSync(join(this.data, "store"), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  }
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
