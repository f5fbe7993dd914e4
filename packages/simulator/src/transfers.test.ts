import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { everybody } from "./model-shares.ts";
import { Alone } from "./alone.ts";
import { makeNetwork } from "./network.ts";
import { contentOf, cutSmall } from "./small-blocks.ts";

const sentences = Array.from({ length: 40 }, (_, index) => `Sentence ${index} says ${sha256(Buffer.of(index))}.`);
const text = sentences.join(" ");

function textOf(name: string): string {
  return sentences.map((each) => sha256(Buffer.from(`${name} ${each}`))).join(" ");
}

/** Copies the calls of a disk, which is a proxy, so that they can be replaced. */
function allOf(disk: LocalDisk): LocalDisk {
  const calls = Object.keys(disk) as (keyof LocalDisk)[];
  return Object.fromEntries(calls.map((name) => [name, disk[name]])) as unknown as LocalDisk;
}

function listen(alone: Alone, changes: (server: Server) => Partial<Server> = () => ({})) {
  const { model, scheduler, life: world } = alone.world;
  const next = (key: string) => ({ key, tape: () => 0.5 });
  const calm = { rate: () => 0, outage: () => "none" as const, happens: () => false, notice: () => undefined };
  const network = makeNetwork(model, scheduler, {
    device: "test",
    account: everybody,
    life: alone.life,
    world,
    trouble: { ...calm, next },
  });
  const inner = { ...network, ...changes(network) };
  const heard = { fetchedBytes: 0, sentBytes: 0, commits: 0, questions: 0, lists: 0 };
  const server: Server = {
    ...inner,
    async *fetchBlocks(wanted) {
      for await (const block of inner.fetchBlocks(wanted)) {
        heard.fetchedBytes += block.bytes.length;
        yield block;
      }
    },
    async commit(...given) {
      heard.commits += 1;
      for (const { bytes } of given[2]) heard.sentBytes += bytes.length;
      return inner.commit(...given);
    },
    async putBlocks(blocks) {
      for (const { bytes } of blocks) heard.sentBytes += bytes.length;
      return inner.putBlocks(blocks);
    },
    async missingBlocks(hashes) {
      heard.questions += 1;
      return inner.missingBlocks(hashes);
    },
    async manifests(wanted) {
      heard.lists += 1;
      return inner.manifests(wanted);
    },
  };
  return { server, heard };
}

function putOnServer(alone: Alone, name: string, content: string): void {
  const bytes = Buffer.from(content);
  let offset = 0;
  const blocks = cutSmall(bytes).map(({ hash, size }) => {
    offset += size;
    alone.world.model.blocks.set(hash, bytes.subarray(offset - size, offset));
    return { hash, size };
  });
  const operation_id = sha256(Buffer.from(name)).slice(0, 32);
  const parent_id = alone.world.model.rootId;
  alone.onServer({
    op: "put",
    operation_id,
    parent_id,
    name,
    size: bytes.length,
    content_id: contentOf(bytes),
    blocks,
  });
}

function read(alone: Alone, path: string): string {
  return Buffer.from(alone.root.mustBeAt(path).now.bytes).toString();
}

function cutShort(server: Server): Partial<Server> {
  return {
    async *fetchBlocks(wanted) {
      let count = 0;
      for await (const block of server.fetchBlocks(wanted)) {
        count += 1;
        if (count > wanted.length / 2) throw new HoldfastError("forbidden", "Cut in the middle.");
        yield block;
      }
    },
  };
}

test("an interrupted large download resumes where it stopped", async () => {
  const alone = new Alone();
  putOnServer(alone, "a.txt", text);
  const cut = listen(alone, cutShort);
  await alone.once({ server: cut.server });
  assert.equal(alone.root.at("a.txt"), undefined);
  const whole = listen(alone);
  assert.equal((await alone.once({ server: whole.server })).inSync, true);
  assert.equal(read(alone, "a.txt"), text);
  const [first, second] = [cut.heard.fetchedBytes, whole.heard.fetchedBytes];
  assert.ok(
    first > 0 && second > 0 && second <= text.length / 2 + 200,
    `${first} and then ${second} of ${text.length}`,
  );
  assert.deepEqual(alone.root.list(".holdfast/tmp"), []);
  alone.close();
});

test("only the damaged blocks of a partial download are downloaded again", async () => {
  const alone = new Alone();
  putOnServer(alone, "a.txt", text);
  await alone.once({ server: listen(alone, cutShort).server });
  const [part] = alone.root.list(".holdfast/tmp");
  assert.ok(part !== undefined && part.inode.now.bytes.length > 500);
  const torn = part.inode.now.bytes.map((byte, index) => (index > 300 && index < 400 ? 0 : byte));
  alone.root.write(part.inode, { bytes: torn }, true);
  const { server, heard } = listen(alone);
  assert.equal((await alone.once({ server })).inSync, true);
  assert.equal(read(alone, "a.txt"), text);
  const expected = text.length - torn.length;
  assert.ok(
    heard.fetchedBytes > expected && heard.fetchedBytes < expected + 500,
    `${heard.fetchedBytes}, not ${expected}`,
  );
  alone.close();
});

test("blocks that the server wrongly reported as present are sent when it misses them", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  const { server, heard } = listen(alone, () => ({ missingBlocks: async () => new Set() }));
  alone.write(
    "big.txt",
    Array.from({ length: 1200 }, (_, index) => `line ${index} ${sha256(Buffer.of(index & 255))}`).join("\n"),
  );
  assert.equal((await alone.once({ server })).inSync, true);
  assert.equal(alone.serverContents().get("a.txt"), text);
  assert.equal(heard.commits, 2);
  alone.close();
});

test("a large new file is sent while it is read, each block once, and is not read again", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  const { server, heard } = listen(alone);
  const disk = alone.disk();
  const reads: string[] = [];
  const readAt: typeof disk.readAt = (path, ...rest) => {
    reads.push(path);
    return disk.readAt(path, ...rest);
  };
  assert.equal((await alone.once({ server, disk: { ...allOf(disk), readAt } })).inSync, true);
  assert.equal(alone.serverContents().get("a.txt"), text);
  assert.deepEqual([heard.sentBytes, heard.questions, heard.commits], [text.length, 1, 1]);
  assert.deepEqual(
    reads.filter((path) => path === "a.txt"),
    [],
  );
  alone.close();
});

test("blocks sent while the file was read, and missing when they are needed, are sent again", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  const { server, heard } = listen(alone, () => ({ putBlocks: async () => undefined }));
  assert.equal((await alone.once({ server })).inSync, true);
  assert.equal(alone.serverContents().get("a.txt"), text);
  assert.deepEqual([heard.sentBytes, heard.commits], [2 * text.length, 2]);
  alone.close();
});

test("a connection that accepts nothing delays the scan by 10 seconds in total", async () => {
  const alone = new Alone();
  const names = ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"];
  for (const name of names) alone.write(name, `${name}\n${textOf(name)}`);
  const { scheduler } = alone.world;
  const startMicros = scheduler.nowMicros;
  const times: number[] = [];
  const { server } = listen(alone, () => ({
    putBlocks: async (blocks) => {
      times.push(scheduler.nowMicros);
      if (times.length > 2) return alone.server().putBlocks(blocks);
      await scheduler.sleep(alone.life, 60_000_000);
      throw new HoldfastError("unreachable", "The line is down.");
    },
  }));
  assert.equal((await alone.once({ server })).inSync, true);
  for (const name of names) assert.equal(alone.serverContents().get(name), `${name}\n${textOf(name)}`);
  assert.ok(scheduler.nowMicros - startMicros < 75_000_000, "it waited for one after the other");
  alone.close();
});

test("a changed sentence sends the blocks around it, and nothing is requested or downloaded", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  await alone.once();
  const next = text.replace("Sentence 20 says", "Sentence 20 now says");
  alone.write("a.txt", next);
  const { server, heard } = listen(alone);
  assert.equal((await alone.once({ server })).inSync, true);
  assert.equal(alone.serverContents().get("a.txt"), next);
  assert.ok(heard.sentBytes > 0 && heard.sentBytes < 600, `${heard.sentBytes} bytes`);
  assert.deepEqual([heard.fetchedBytes, heard.questions, alone.world.model.savings.splices], [0, 0, 1]);
  alone.close();
});

test("a copy, also an edited one, is sent as a reference to the version it was copied from", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  await alone.once();
  const edited = text.replace("Sentence 30 says", "Sentence 30 now says");
  alone.write("b.txt", text);
  alone.write("c.txt", edited);
  const { server, heard } = listen(alone);
  assert.equal((await alone.once({ server })).inSync, true);
  assert.deepEqual([alone.serverContents().get("b.txt"), alone.serverContents().get("c.txt")], [text, edited]);
  assert.ok(heard.sentBytes > 0 && heard.sentBytes < 600, `${heard.sentBytes} bytes`);
  assert.deepEqual([heard.fetchedBytes, heard.questions, alone.world.model.savings.sources], [0, 0, 2]);
  alone.close();
});

test("a copy of a version that the server no longer has is sent with its full list", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  await alone.once();
  alone.world.model.versions.clear();
  alone.write("b.txt", text);
  const { server, heard } = listen(alone);
  assert.equal((await alone.once({ server })).inSync, true);
  assert.equal(alone.serverContents().get("b.txt"), text);
  assert.deepEqual([heard.commits, alone.world.model.savings.sources], [2, 0]);
  alone.close();
});

test("a file that this disk has under another name is not downloaded", async () => {
  const alone = new Alone();
  alone.write("a.txt", text);
  await alone.once();
  putOnServer(alone, "b.txt", text);
  putOnServer(alone, "c.txt", `A heading of its own. ${text}`);
  const { server, heard } = listen(alone);
  const disk = alone.disk();
  const shares: unknown[] = [];
  const create: LocalDisk["create"] = (path, parts, attributes) => {
    shares.push(attributes.shares);
    return disk.create(path, parts, attributes);
  };
  assert.equal((await alone.once({ server, disk: { ...allOf(disk), create } })).inSync, true);
  assert.equal(read(alone, "b.txt"), text);
  assert.ok(heard.fetchedBytes < 400, `${heard.fetchedBytes} bytes`);
  // Blocks at other positions than in the other file cannot share its storage.
  assert.deepEqual(
    shares.filter((each) => each !== undefined),
    ["a.txt"],
  );
  alone.close();
});

test("300 files need one query and one request", async () => {
  const alone = new Alone();
  for (let index = 0; index < 150; index += 1) {
    alone.write(`mine ${index}`, `mine ${index}`);
    putOnServer(alone, `theirs ${index}`, `theirs ${index}`);
  }
  const { server, heard } = listen(alone);
  assert.equal((await alone.once({ server })).inSync, true);
  assert.equal(alone.diskPaths().length, 300);
  assert.deepEqual([heard.commits, heard.lists], [1, 1]);
  alone.close();
});

test("a file that cannot be downloaded fails alone", async () => {
  const alone = new Alone();
  for (const name of ["a", "b", "c"]) putOnServer(alone, name, `the file ${name}, which is short`);
  const [gone] = cutSmall(Buffer.from("the file b, which is short"));
  assert.ok(gone !== undefined);
  const only = cutSmall(Buffer.from("the file b, which is short")).find(
    ({ hash }) => !cutSmall(Buffer.from("the file a, which is short")).some((other) => other.hash === hash),
  );
  alone.world.model.blocks.delete(only?.hash ?? gone.hash);
  const { problems } = await alone.once();
  assert.deepEqual(alone.diskPaths(), ["a", "c"]);
  assert.equal(problems.length, 1);
  alone.close();
});
