import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import sharp from "sharp";
import { childrenOf, commandOf } from "../base/operation/testing-processes.ts";
import { chunk, gifOf, hostilePictures, plain, pngOf } from "../features/thumbs/testing-pictures.ts";
import { requestRaw } from "./raw-request.ts";
import { useSigningAt } from "./signing.ts";
import { type Api, spawnServer } from "./testing.ts";

describe("Hostile picture", () => {
  const world = useSigningAt(spawnServer, "hostile-pictures");
  const { newPerson, ok, put } = world;

  const listed = async (api: Api): Promise<{ t: string; items: { name: string; content_id: string }[] }> =>
    ok(api, "GET", "/folders/root/contents");
  const load = (contentId: string, t: string, size = "s") =>
    requestRaw(`${world.server.url}/api/v1/thumbs/${contentId}/${size}?t=${t}`);
  const refusals = () =>
    readFileSync(world.server.logFile, "utf8")
      .split("\n")
      .filter((line) => line.includes("a thumbnail could not be created")).length;

  test("gets no thumbnail, is tried once, and does not affect the server or other thumbnails", async () => {
    const { api } = await newPerson();
    const hostile = await hostilePictures();
    for (const [name, bytes] of Object.entries(hostile)) await put(api, `/${name}`, bytes);
    await put(api, "/good.png", await plain("png"));
    const { items, t } = await listed(api);
    assert.equal(items.length, Object.keys(hostile).length + 1);
    const good = items.find(({ name }) => name === "good.png");
    for (const { name, content_id } of items) {
      if (name === "good.png") continue;
      const startedMs = performance.now();
      const { status, json } = await load(content_id, t);
      assert.equal(status, 404, name);
      assert.match(json.detail, /No thumbnail can be created/, name);
      assert.ok(performance.now() - startedMs < 15_000, `${name} took ${performance.now() - startedMs} ms`);
    }
    const tried = refusals();
    assert.ok(tried > 0);
    for (const { name, content_id } of items) {
      if (name === "good.png") continue;
      for (const size of ["s", "m", "l"]) assert.equal((await load(content_id, t, size)).status, 404, name);
    }
    assert.equal(refusals(), tried, "what was refused once is not tried again");
    assert.equal((await load(good?.content_id ?? "", t)).status, 200);
    assert.equal((await requestRaw(`${world.server.url}/readyz`)).status, 200);
  });

  test("with embedded scripts or many frames gets a clean thumbnail with one frame", async () => {
    const { api } = await newPerson();
    const script = Buffer.from("<script>alert(document.domain)</script>PK\x03\x04");
    const comment = chunk("tEXt", Buffer.concat([Buffer.from("Comment\0"), script]));
    await put(api, "/appended.jpg", Buffer.concat([await plain("jpeg"), script]));
    await put(api, "/appended.gif", Buffer.concat([await plain("gif"), script]));
    await put(api, "/comment.png", pngOf(16, 16, [comment]));
    await put(api, "/many-frames.gif", gifOf(50, 50, 10_000));
    const { items, t } = await listed(api);
    for (const { name, content_id } of items) {
      const { status, headers, bytes } = await load(content_id, t);
      assert.equal(status, 200, name);
      assert.equal(headers["content-type"], "image/webp");
      assert.ok(!bytes.includes("script"), name);
      const { pages = 1 } = await sharp(bytes, { pages: -1 }).metadata();
      assert.equal(pages, 1, name);
    }
  });

  test("is decoded once for 60 concurrent requests", async () => {
    const { api } = await newPerson();
    const { content_id } = await put(api, "/wanted.svg.png", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    const { t } = await listed(api);
    const before = refusals();
    const sizes = ["s", "m", "l"];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => load(content_id, t, sizes[index % 3] ?? "s")),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [404]);
    assert.equal(refusals() - before, 1);
  });

  test(
    "is decoded in a process without the server's secrets, which is replaced when killed",
    { skip: process.platform !== "linux" },
    async () => {
      const { api } = await newPerson();
      const { content_id } = await put(api, "/picture.png", await plain("png", 64));
      const { t } = await listed(api);
      assert.equal((await load(content_id, t)).status, 200);
      const pid = childrenOf(world.server.pid).find((each) => commandOf(each).includes("make-thumb"));
      assert.ok(pid !== undefined);
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      assert.ok(!/HOLDFAST|PATH=|AWS|PASSWORD/.test(environment), environment);
      assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim(), "1000");
      process.kill(pid, "SIGKILL");
      await put(api, "/next.png", await plain("png", 66));
      const { items } = await listed(api);
      const next = items.find(({ name }) => name === "next.png");
      assert.equal((await load(next?.content_id ?? "", t)).status, 200, "another process is started");
    },
  );
});
