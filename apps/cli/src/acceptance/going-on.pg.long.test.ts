import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { findPackFiles, flipByte, readPackLayout } from "@holdfast/server/acceptance/pack-files";
import {
  Api,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { jsonAnswer, Meddler, type Meddling, problemAnswer } from "./meddler.ts";

/** Marks the content of the rejected file. It is incompressible, so it is visible in the frames. */
const marker = randomBytes(32);
const smallFiles = 600;

/**
 * Invariant: a file that the server rejects, or that cannot be read, encoded, fetched or decoded, never stops the
 * others. It is listed with its path, and the exit code is 1, or 6 for lack of space.
 */
describe("put and get after single failures", () => {
  let folder: string;
  let server: RunningServer;
  let meddler: Meddler;
  let env: Record<string, string>;
  let tree: string;

  before(async () => {
    folder = makeFolder("going-on");
    server = await startServer({ dataFolder: `${folder}/data` });
    meddler = await Meddler.stand(server.url);
    const api = await Api.signIn(server.url);
    env = { HOLDFAST_CONFIG_DIR: `${folder}/config`, HOLDFAST_SERVER: meddler.url, HOLDFAST_TOKEN: api.token ?? "" };
    tree = join(folder, "tree");
    makeTree(tree);
  });
  after(async () => {
    await meddler?.close();
    await server?.stop();
    removeFolder(folder);
  });

  function makeTree(at: string): void {
    mkdirSync(join(at, "below"), { recursive: true });
    for (let index = 0; index < smallFiles; index += 1) writeFileSync(join(at, `below/f${index}`), `file ${index}`);
    writeFileSync(join(at, "below/refused"), Buffer.concat([randomBytes(5000), marker]));
    writeFileSync(join(at, "large.bin"), randomBytes(5_000_000));
    writeFileSync(join(at, "refused.bin"), Buffer.concat([randomBytes(4_500_000), marker, randomBytes(100_000)]));
  }

  async function put(remote: string, meddling: Meddling) {
    meddler.meddling = meddling;
    const ran = await holdfast(["put", tree, remote, "--json"], { env });
    meddler.meddling = (_, forward) => forward();
    const ls = await holdfast(["ls", "-R", remote, "--json"], { env });
    const { items } = JSON.parse(ls.stdout) as { items: { path: string; kind: string }[] };
    const files = items.filter(({ kind }) => kind === "file").map(({ path }) => path.slice(remote.length + 1));
    return { ...ran, report: JSON.parse(ran.stdout), files: new Set(files) };
  }

  const refusals: [number, string][] = [
    [422, "hash_mismatch"],
    [500, "internal"],
    [404, "not_found"],
    [403, "forbidden"],
  ];
  for (const [status, code] of refusals) {
    test(`a ${status} ${code} response because of one file stops no other upload`, async () => {
      const remote = `/up-${code}`;
      const {
        code: exit,
        report,
        files,
      } = await put(remote, ({ body }, forward) =>
        body.includes(marker) ? Promise.resolve(problemAnswer(status, code, "It is refused.")) : forward(),
      );
      const problems = (report.problems as { path: string; code: string }[]).map(
        (each) => `${each.code}: ${each.path}`,
      );
      assert.deepEqual(problems.toSorted(), [
        `${code}: ${join(tree, "below/refused")}`,
        `${code}: ${join(tree, "refused.bin")}`,
      ]);
      assert.equal(exit, 1);
      assert.equal(files.size, smallFiles + 1);
      assert.ok(files.has("large.bin") && !files.has("refused.bin") && !files.has("below/refused"));
    });
  }

  for (const code of ["forbidden", "internal", "invalid_field", "damaged"]) {
    test(`an operation that fails with ${code} stops no other of its batch`, async () => {
      const remote = `/operation-${code}`;
      const {
        code: exit,
        report,
        files,
      } = await put(remote, async ({ path, body }, forward) => {
        if (!path.endsWith("/sync/delta")) return forward();
        const { json, rebuilt } = readBatch(body);
        const { operations } = JSON.parse(json);
        const refused = operations.find(({ name }: { name?: string }) => name === "f7" || name === "large.bin");
        if (refused === undefined) return forward();
        const { operation_id } = refused;
        refused.parent_id = refused.id;
        const answer = await forward(rebuilt(JSON.stringify({ operations })));
        const value = JSON.parse(answer.body.toString());
        for (const result of value.results) {
          if (result.operation_id === operation_id)
            Object.assign(result, { status: "error", code, message: "is refused." });
        }
        return jsonAnswer(answer.status, value);
      });
      assert.deepEqual(
        report.problems.map((each: { path: string; code: string }) => [each.path, each.code]).toSorted(),
        [
          [join(tree, "below/f7"), code],
          [join(tree, "large.bin"), code],
        ],
      );
      assert.equal(exit, 1);
      assert.equal(files.size, smallFiles + 1);
    });
  }

  for (const status of [500, 405, 400, 503]) {
    test(`a ${status} response to the request for damaged blocks stops no put, and is requested once`, async () => {
      let asked = 0;
      const { code, files } = await put(`/undamaged-${status}`, ({ path }, forward) => {
        if (!path.includes("/damaged")) return forward();
        asked += 1;
        return Promise.resolve({ status, headers: { "content-type": "text/html" }, body: Buffer.from("<p>No.</p>") });
      });
      assert.deepEqual([code, asked, files.size], [0, 1, smallFiles + 3]);
    });
  }

  test("a file that exceeds the quota stops no other that fits, in any run", async () => {
    const mixed = join(folder, "mixed");
    const fitting = 1500;
    mkdirSync(mixed);
    writeFileSync(join(mixed, "a-large"), randomBytes(3_000_000));
    for (let index = 0; index < fitting; index += 1) writeFileSync(join(mixed, `f${index}`), `fits ${index}`);
    const admin = await Api.signIn(server.url);
    const made = await admin.call("POST", "/admin/users", {
      email: "small@example.com",
      password: "a small space",
      quota_bytes: 1_000_000,
    });
    assert.equal(made.status, 201);
    const api = await Api.signIn(server.url, { email: "small@example.com", password: "a small space" });
    const own = { ...env, HOLDFAST_CONFIG_DIR: `${folder}/config-small`, HOLDFAST_TOKEN: api.token ?? "" };
    for (const [sent, equal] of [
      [fitting, 0],
      [0, fitting],
    ]) {
      const ran = await holdfast(["put", mixed, "/mixed", "--json"], { env: own });
      const { files_sent, files_equal, problems } = JSON.parse(ran.stdout);
      assert.deepEqual([ran.code, files_sent, files_equal], [6, sent, equal]);
      assert.deepEqual(
        problems.map((each: { path: string; code: string }) => [each.path, each.code]),
        [[join(mixed, "a-large"), "quota"]],
      );
    }
  });

  test("put sends no bytes of files without space, and uploads those that fit", async () => {
    const tight = join(folder, "tight");
    mkdirSync(tight);
    const sizes = { huge: 40_000_000, large: 20_000_000, medium: 3_000_000, small: 2000 };
    for (const [name, size] of Object.entries(sizes)) writeFileSync(join(tight, name), randomBytes(size));
    const admin = await Api.signIn(server.url);
    const account = { email: "tight@example.com", password: "a tight space", quota_bytes: 2_000_000 };
    assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
    const owner = await Api.signIn(server.url, account);
    const shared = (await owner.call("POST", "/metadata", { path: "/shared", kind: "folder" })).body.id;
    const grant = await owner.call("POST", `/files/${shared}/share`, { email: "admin@example.com", role: "editor" });
    assert.equal(grant.status, 201);
    assert.equal((await admin.call("POST", "/mounts", { node_id: shared, name: "full mount" })).status, 201);
    const passed = { requests: 0, bytes: 0 };
    meddler.meddling = ({ path, body }, forward) => {
      passed.requests += path.startsWith("/api/v1/blocks") && !path.endsWith("/query") ? 1 : 0;
      passed.bytes += body.length;
      return forward();
    };
    const own = { ...env, HOLDFAST_CONFIG_DIR: `${folder}/config-tight`, HOLDFAST_TOKEN: owner.token ?? "" };
    for (const [as, remote, words] of [
      [own, "/own", /^(This needs [\d.]+ MiB, and [\d.]+ [KM]iB is free in your quota|There is no space for it)\./],
      [env, "/full mount/sub", /^The owner of this folder does not have enough space for this\. Ask them to/],
    ] as const) {
      Object.assign(passed, { requests: 0, bytes: 0 });
      const { code, stdout, stderr } = await holdfast(["put", tight, remote, "--json"], { env: as });
      const isTold = /^holdfast: This needs 60 MiB, and 1\.9 MiB is free in your quota; only what fits/m.test(stderr);
      assert.equal(isTold, as === own, stderr);
      const { files_sent, problems } = JSON.parse(stdout);
      assert.deepEqual([code, files_sent, passed.requests], [6, 1, 0]);
      assert.ok(passed.bytes < 100_000, `${passed.bytes} bytes travelled`);
      const told = problems.map(({ path, code: why }: { path: string; code: string }) => [path, why]).toSorted();
      assert.deepEqual(
        told,
        ["huge", "large", "medium"].map((name) => [join(tight, name), "quota"]),
      );
      for (const { message } of problems) assert.match(message, words);
      const one = await holdfast(["put", join(tight, "large"), `${remote}/alone`], { env: as });
      assert.deepEqual([one.code, passed.requests], [6, 0], one.stderr);
    }
    meddler.meddling = (_, forward) => forward();
  });

  test("in a full space, put sends only files smaller than the refused ones", async () => {
    const full = join(folder, "full");
    const large = 60;
    mkdirSync(full);
    for (let index = 0; index < large; index += 1) writeFileSync(join(full, `a${index}`), randomBytes(5000));
    for (let index = 0; index < large; index += 1) writeFileSync(join(full, `b${index}`), `small ${index}`);
    let asked = 0;
    meddler.meddling = ({ path, body }, forward) => {
      if (!path.endsWith("/sync/delta")) return forward();
      asked += 1;
      return /"size":5000/.test(readBatch(body).json)
        ? Promise.resolve(problemAnswer(507, "quota", "Your space is full."))
        : forward();
    };
    const ran = await holdfast(["put", full, "/full", "--json"], { env });
    meddler.meddling = (_, forward) => forward();
    const { files_sent, problems } = JSON.parse(ran.stdout);
    const listed = problems.filter(({ path }: { path: string }) => path !== "");
    const rest = problems.filter(({ path }: { path: string }) => path === "");
    assert.deepEqual([ran.code, files_sent, listed.length, rest.length], [6, large, 20, 1]);
    assert.match(rest[0].message, /^40 more /);
    assert.ok(asked < 200, `${asked} requests`);
  });

  test("a quota that accepts nothing costs few requests, and gives its exit code", async () => {
    let asked = 0;
    const full = await put("/takes-nothing", ({ path }, forward) => {
      if (!path.endsWith("/sync/delta")) return forward();
      asked += 1;
      return Promise.resolve(problemAnswer(507, "quota", "Your space is full."));
    });
    assert.deepEqual([full.code, full.files.size], [6, 0]);
    assert.deepEqual(new Set(full.report.problems.map(({ code }: { code: string }) => code)), new Set(["quota"]));
    assert.ok(asked < 20, `${asked} requests`);
  });

  test("if every file fails for the same reason, the exit code is that reason's", async () => {
    const few = join(folder, "few");
    mkdirSync(few);
    for (const name of ["a", "b"]) writeFileSync(join(few, name), name);
    meddler.meddling = ({ path }, forward) =>
      path.endsWith("/sync/delta") ? Promise.resolve(problemAnswer(403, "forbidden", "It is refused.")) : forward();
    assert.equal((await holdfast(["mkdir", "/few"], { env })).code, 0);
    const ran = await holdfast(["put", few, "/", "--json"], { env });
    meddler.meddling = (_, forward) => forward();
    assert.deepEqual([ran.code, JSON.parse(ran.stdout).problems.length], [3, 2]);
  });

  test("a server that responds 500 to everything is not asked for each of thousands of files", async () => {
    let asked = 0;
    const { code } = await put("/broken", ({ path }, forward) => {
      if (!path.endsWith("/sync/delta")) return forward();
      asked += 1;
      return Promise.resolve(problemAnswer(500, "internal", "It is broken."));
    });
    assert.equal(code, 1);
    assert.ok(asked < 600, `${asked} requests`);
  });

  for (const name of ["below/f3", "large.bin"]) {
    test(`a read error of ${name} stops no other file`, async (t) => {
      if (!requireComponent(t, "strace")) return;
      const path = join(tree, name);
      const remote = `/unreadable-${name.replace("/", "-")}`;
      const inject = ["-e", "trace=read,pread64", "-e", "inject=read,pread64:error=EIO:when=1+"];
      const args = ["-f", "-qq", "-o", "/dev/null", "-P", path, ...inject, launcher, "put", tree, remote, "--json"];
      const ran = spawnSync("strace", args, {
        // Bypasses the proxy, which cannot respond while this process waits.
        env: { ...process.env, ...env, HOLDFAST_SERVER: server.url },
        encoding: "utf8",
      });
      const { files_sent, problems } = JSON.parse(ran.stdout);
      assert.deepEqual(
        problems.map((each: { path: string; message: string }) => [each.path, each.message.includes("EIO")]),
        [[path, true]],
      );
      assert.equal(ran.status, 1);
      assert.equal(files_sent, smallFiles + 2);
    });
  }

  async function get(remote: string, meddling: Meddling) {
    const target = join(folder, `got${remote.replaceAll("/", "-")}-${randomBytes(3).toString("hex")}`);
    meddler.meddling = meddling;
    const ran = await holdfast(["get", remote, target, "--json"], { env });
    meddler.meddling = (_, forward) => forward();
    return { ...ran, target, report: JSON.parse(ran.stdout) };
  }

  function assertAllBut(target: string, missing: readonly string[]): void {
    for (const path of readdirSync(tree, { recursive: true, encoding: "utf8" })) {
      if (missing.includes(path)) assert.ok(!existsSync(join(target, path)), path);
      else if (path !== "below")
        assert.ok(readFileSync(join(target, path)).equals(readFileSync(join(tree, path))), path);
    }
  }

  for (const [status, code] of refusals) {
    test(`a ${status} ${code} response because of one block stops no other download`, async () => {
      assert.equal((await put("/down", (_, forward) => forward())).code, 0);
      const listing = await holdfast(["ls", "-R", "/down", "--json"], { env });
      const refused = (JSON.parse(listing.stdout).items as { path: string; id: string }[]).filter(
        ({ path }) => path.endsWith("refused") || path.endsWith("refused.bin"),
      );
      const api = new Api(server.url, env["HOLDFAST_TOKEN"]);
      const hashes: string[] = [];
      for (const { id } of refused) {
        const { body } = await api.call("GET", `/files/${id}/manifest`);
        hashes.push(body.blocks.at(-1).hash);
      }
      const {
        code: exit,
        report,
        target,
      } = await get("/down", ({ path, body }, forward) =>
        path.endsWith("/blocks/fetch") && hashes.some((hash) => body.includes(hash))
          ? Promise.resolve(problemAnswer(status, code, "It is refused."))
          : forward(),
      );
      assert.equal(exit, 1);
      assert.deepEqual(
        report.problems.map((each: { path: string; code: string }) => [each.path, each.code]).toSorted(),
        [
          [join(target, "below/refused"), code],
          [join(target, "refused.bin"), code],
        ],
      );
      assertAllBut(target, ["below/refused", "refused.bin"]);
    });
  }

  test("damage in the store costs only the file that contains it", async () => {
    const store = join(folder, "data", "store");
    const known = new Set(findPackFiles(store).keys());
    const one = join(folder, "one");
    const content = randomBytes(40_000);
    writeFileSync(one, content);
    assert.equal((await holdfast(["put", one, "/damaged/"], { env })).code, 0);
    const made = [...findPackFiles(store)].filter(([pack]) => !known.has(pack)).map(([, path]) => path);
    assert.equal(made.length, 1);
    assert.equal((await holdfast(["put", tree, "/damaged/tree"], { env })).code, 0);
    flipByte(made[0] ?? "", (readPackLayout(made[0] ?? "").records[0]?.start ?? 0) + 20);
    const { code, report, target } = await get("/damaged", (_, forward) => forward());
    assert.equal(code, 1);
    assert.deepEqual(
      report.problems.map(({ path, code: why }: { path: string; code: string }) => [path, why]),
      [[join(target, "one"), "damaged"]],
    );
    assertAllBut(join(target, "tree"), []);
  });

  test("one of several arguments that cannot be put stops no other", async () => {
    for (const name of ["a", "b", "c"]) {
      mkdirSync(join(folder, "several", name), { recursive: true });
      writeFileSync(join(folder, "several", name, "file"), name);
    }
    writeFileSync(join(folder, "b"), "a file where a folder goes");
    assert.equal((await holdfast(["put", join(folder, "b"), "/several/b"], { env })).code, 0);
    const locals = ["a", "b", "c"].map((name) => join(folder, "several", name));
    const ran = await holdfast(["put", ...locals, "/several", "--json"], { env });
    const { files_sent, problems } = JSON.parse(ran.stdout);
    assert.deepEqual([ran.code, files_sent, problems.length], [1, 2, 1]);
    assert.equal(problems[0].path, locals[1]);
  });
});

/** Reads a batch. With frames it begins with the length of its JSON. Without frames, a long one is compressed. */
function readBatch(body: Buffer): { json: string; rebuilt: (json: string) => Buffer } {
  if (body.readUInt32LE(0) === zstdMagic) {
    return { json: zstdDecompressSync(body).toString(), rebuilt: (json) => zstdCompressSync(json) };
  }
  if (body[0] === 0x7b) return { json: body.toString(), rebuilt: (json) => Buffer.from(json) };
  const end = 4 + body.readUInt32BE(0);
  const rebuilt = (json: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(json));
    return Buffer.concat([length, Buffer.from(json), body.subarray(end)]);
  };
  return { json: body.subarray(4, end).toString(), rebuilt };
}

const zstdMagic = 0xfd2f_b528;
