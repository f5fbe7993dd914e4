import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { requireComponent } from "@holdfast/tools/components";
import { longTest } from "@holdfast/tools/tiers";
import { requestRaw } from "./raw-request.ts";
import { useSigning } from "./signing.ts";
import { Api } from "./testing.ts";

describe("Signed URL", () => {
  const world = useSigning("signed-urls");
  const { newPerson, ok, mkdir, put, sign, signOne, textOf, statusOf } = world;

  test("returns the content without a token, with support for ranges, conditions and HEAD", async () => {
    const { api } = await newPerson();
    const { id, content_id } = await put(api, "/a.txt", "0123456789");
    const asked = Date.now();
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id, use: "download" }] });
    const [{ url, expires_at }] = urls;
    const lifetimeMs = Date.parse(expires_at) - asked;
    assert.ok(lifetimeMs >= 15 * 60_000 - 5000 && lifetimeMs <= 15 * 60_000 + 60_000, `${lifetimeMs} ms`);
    assert.ok(url.startsWith(`${world.server.url}/api/v1/`), url);
    const whole = await requestRaw(url);
    assert.deepEqual([whole.status, whole.bytes.toString()], [200, "0123456789"]);
    assert.deepEqual(
      [whole.headers.etag, whole.headers["accept-ranges"], whole.headers["content-length"]],
      [`"${content_id}"`, "bytes", "10"],
    );
    const part = await requestRaw(url, { headers: { range: "bytes=2-4" } });
    assert.deepEqual([part.status, part.bytes.toString(), part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
    const long = await signOne(api, (await put(api, "/long.txt", `0${".".repeat(200)}9`)).id);
    const several = await requestRaw(long, { headers: { range: "bytes=0-0, -1" } });
    assert.equal(several.status, 206);
    assert.match(several.bytes.toString(), /bytes 0-0\/202\r\n\r\n0\r\n[^]*bytes 201-201\/202\r\n\r\n9\r\n/);
    assert.equal((await requestRaw(url, { headers: { range: "bytes=10-" } })).status, 416);
    const other = await requestRaw(url, { headers: { range: "bytes=2-4", "if-range": '"another"' } });
    assert.equal(other.bytes.toString(), "0123456789");
    const known = await requestRaw(url, { headers: { "if-none-match": `"${content_id}"` } });
    assert.deepEqual([known.status, known.bytes.length], [304, 0]);
    const head = await requestRaw(url, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"], head.bytes.length], [200, "10", 0]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      assert.equal((await requestRaw(url, { method })).status, 405);
  });

  test("sends downloads as attachments, and only passive media inline", async () => {
    const { api } = await newPerson();
    const shown = ["a.png", "a.jpg", "a.webp", "a.mp4", "a.mp3"];
    const saved = ["a.svg", "a.html", "a.pdf", "a.txt", "a", "a.png.html", "a.xml"];
    const items = [];
    for (const name of [...shown, ...saved]) {
      const { id } = await put(api, `/${name}`, "<script>alert(1)</script>");
      items.push({ id, use: "media" }, { id, use: "download" });
    }
    for (const [index, url] of (await sign(api, { items })).entries()) {
      const { headers } = await requestRaw(url);
      const name = [...shown, ...saved][Math.floor(index / 2)] ?? "";
      const kind = index % 2 === 0 && shown.includes(name) ? "inline" : "attachment";
      assert.equal(headers["content-disposition"]?.split(";")[0], kind, name);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["content-security-policy"], "sandbox; default-src 'none'");
      assert.equal(headers["referrer-policy"], "no-referrer", "a page that was reached from here would be told");
      assert.equal(headers["cross-origin-resource-policy"], "same-origin");
      assert.equal(headers["access-control-allow-origin"], undefined);
      assert.equal(headers["location"], undefined);
    }
  });

  test("serves scripts, styles and documents as plain bytes that no page of this origin can load", async () => {
    const { api } = await newPerson();
    const active = ["js", "mjs", "css", "html", "htm", "svg", "xhtml", "xml", "xsl", "wasm", "ecma", "webmanifest"];
    const others = [
      ["a.png", "image/png"],
      ["a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
      ["a.txt", "text/plain"],
      ["a.csv", "text/csv"],
      ["a", "application/octet-stream"],
    ] as const;
    const expected = [...active.map((ending) => [`a.${ending}`, "application/octet-stream"] as const), ...others];
    const top = await mkdir(api, "/types");
    const link = await ok(api, "POST", `/files/${top}/share`, { link: true, role: "viewer" });
    for (const [name, type] of expected) {
      const { id } = await put(api, `/types/${name}`, "alert(document.domain)");
      const [media = "", download = ""] = await sign(api, {
        items: [
          { id, use: "media" },
          { id, use: "download" },
        ],
      });
      const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
      const answers = {
        media: await requestRaw(media),
        download: await requestRaw(download),
        part: await requestRaw(media, { headers: { range: "bytes=1-3" } }),
        link: await requestRaw(`${link.url}/files/${id}`),
        account: await requestRaw(`${world.server.url}/api/v1/files/${id}/download`, withToken(api.token ?? "")),
        linkToken: await requestRaw(`${world.server.url}/api/v1/files/${id}/download`, withToken(link.token)),
      };
      for (const [route, { status, headers }] of Object.entries(answers)) {
        assert.deepEqual([status, headers["content-type"]], [route === "part" ? 206 : 200, type], `${name} ${route}`);
        assert.equal(headers["x-content-type-options"], "nosniff", `${name} ${route}`);
      }
    }
  });

  test("stays with the version that was newest when signed, or with the requested one", async () => {
    const { api } = await newPerson();
    const first = await put(api, "/v.txt", "first");
    const url = await signOne(api, first.id);
    await put(api, "/v.txt", "second", "&on_conflict=replace");
    assert.equal(await textOf(url), "first");
    assert.equal(await textOf(await signOne(api, first.id)), "second");
    assert.equal(await textOf(await signOne(api, first.id, "media", 1)), "first");
    assert.equal(await textOf(await signOne(api, first.id, "media", first.version_id)), "first");
    const other = await put(api, "/other.txt", "other");
    for (const version of [3, other.version_id, "none"]) {
      const { status } = await api.call("POST", "/signed-urls", { items: [{ id: first.id, use: "media", version }] });
      assert.equal(status, 404, `${version}`);
    }
  });

  test("returns several files and folders as one zip, even with equal names", async (t) => {
    if (!requireComponent(t, "unzip")) return;
    const { api } = await newPerson();
    for (const path of ["/one/box/low", "/two/box/low"]) await mkdir(api, path);
    const ids = [
      (await put(api, "/one/a.txt", "one")).id,
      (await put(api, "/two/a.txt", "two")).id,
      (await put(api, "/two/a (2).txt", "by itself")).id,
      await api.idOf("/one/box"),
      await api.idOf("/two/box"),
      (await put(api, "/two/e\u0301.txt", "decomposed")).id,
      (await put(api, "/one/\u00e9.txt", "composed")).id,
    ];
    await put(api, "/one/box/low/deep.txt", "deep of one");
    await put(api, "/two/box/low/deep.txt", "deep of two");
    await ok(api, "POST", "/metadata", { path: "/two/box/link", kind: "symlink", target: "low/deep.txt" });
    const [url = ""] = await sign(api, { ids: [...ids, ids[0]], use: "zip", name: "my things" });
    const { status, headers, bytes } = await requestRaw(url);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/zip");
    assert.equal(headers["content-disposition"], 'attachment; filename="my things.zip"');
    assert.equal(headers["x-content-type-options"], "nosniff");
    const head = await requestRaw(url, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.headers["content-length"], undefined, "nobody knows how long it will be");
    assert.equal((await requestRaw(url, { headers: { range: "bytes=0-3" } })).status, 200);
    const file = join(world.folder, "several.zip");
    writeFileSync(file, bytes);
    const unpacked = spawnSync("unzip", ["-q", "-d", join(world.folder, "several"), file], { encoding: "utf8" });
    assert.equal(unpacked.status, 0, unpacked.stderr);
    const read = (path: string) => readFileSync(join(world.folder, "several", path), "utf8");
    const expected = {
      "a.txt": "one",
      "a (3).txt": "two",
      "a (2).txt": "by itself",
      "box/low/deep.txt": "deep of one",
      "box (2)/low/deep.txt": "deep of two",
      "box (2)/link": "deep of two",
      "e\u0301.txt": "decomposed",
      "\u00e9 (2).txt": "composed",
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((path) => [path, read(path)])), expected);
    const [whole = ""] = await sign(api, { ids: ["root"], use: "zip" });
    assert.equal((await requestRaw(whole)).headers["content-disposition"], "attachment; filename=Holdfast.zip");
  });

  const makeFolders = async (api: Api, count: number, parent = ""): Promise<string[]> => {
    const operations = Array.from({ length: count }, (_, index) => ({
      op: "mkdir",
      operation_id: index.toString(16).padStart(32, "0"),
      path: `${parent}/folder ${index}`,
    }));
    const { results } = await ok(api, "POST", "/sync/delta", { operations });
    return results.map(({ node }: { node: { id: string } }) => node.id);
  };

  test("can contain the maximum number of IDs with the longest name", async () => {
    const { api } = await newPerson();
    const ids = await makeFolders(api, limits.zippedNodesInUrlMax);
    const [url = ""] = await sign(api, { ids, use: "zip", name: "\u00e9".repeat(127) });
    // Most proxies accept a request line of this length.
    assert.ok(url.length < 8000, `${url.length}`);
    const { status, bytes } = await requestRaw(url);
    assert.equal(status, 200);
    assert.ok(bytes.includes(`folder ${limits.zippedNodesInUrlMax - 1}/`));
  });

  test("refers to a stored list for more IDs, whose permissions are checked at download", async () => {
    const { api } = await newPerson();
    const count = limits.zippedNodesInUrlMax + 1;
    const ids = await makeFolders(api, count);
    const file = await put(api, "/last.txt", "the last one");
    const [url = ""] = await sign(api, { ids: [...ids, file.id], use: "zip", name: "many" });
    assert.ok(url.length < 500, `${url.length}`);
    const { status, headers, bytes } = await requestRaw(url);
    assert.equal(status, 200);
    assert.equal(headers["content-disposition"], "attachment; filename=many.zip");
    assert.ok(bytes.includes(`folder ${count - 1}/`) && bytes.includes("the last one"));
    await ok(api, "DELETE", `/files/${ids[7]}?permanent=true`);
    assert.equal(await statusOf(url), 404);
    const again = await api.call("POST", "/signed-urls", { ids: [...ids, file.id], use: "zip" });
    assert.equal(again.status, 404);
  });

  longTest(
    "from a link can refer to a stored list, excludes nodes outside the link and ends with the link",
    async () => {
      const { api } = await newPerson();
      const top = await mkdir(api, "/many");
      const outside = await put(api, "/out.txt", "outside");
      const ids = await makeFolders(api, limits.zippedNodesInUrlMax + 1, "/many");
      const link = await ok(api, "POST", `/files/${top}/share`, { link: true, role: "viewer" });
      const visitor = new Api(world.server.url, link.token);
      const more = await visitor.call("POST", "/signed-urls", { ids: [...ids, outside.id], use: "zip" });
      assert.equal(more.status, 404);
      const [url = ""] = await sign(visitor, { ids, use: "zip", name: "many" });
      assert.equal(await statusOf(url), 200);
      await ok(api, "DELETE", `/permissions/${link.id}`);
      assert.equal(await statusOf(url), 401);
    },
  );

  test("from a link contains only the link's nodes, counts as a download and ends with its password", async () => {
    const { api } = await newPerson();
    const top = await mkdir(api, "/linked");
    const inside = await put(api, "/linked/in.txt", "inside");
    const outside = await put(api, "/out.txt", "outside");
    const linkOf = (fields: object) =>
      ok(api, "POST", `/files/${top}/share`, { link: true, role: "viewer", ...fields });
    const counted = await linkOf({ max_downloads: 2 });
    const visitor = new Api(world.server.url, counted.token);
    for (const body of [
      { items: [{ id: outside.id, use: "media" }] },
      { ids: [inside.id, outside.id], use: "zip", name: "z" },
    ])
      assert.equal((await visitor.call("POST", "/signed-urls", body)).status, 404);
    const url = await signOne(visitor, inside.id);
    const [zip = ""] = await sign(visitor, { ids: [inside.id, "root"], use: "zip", name: "z" });
    assert.equal((await requestRaw(url, { method: "HEAD" })).status, 200);
    assert.equal(await textOf(url), "inside");
    assert.equal(await statusOf(zip), 200);
    for (const each of [url, zip]) assert.equal(await statusOf(each), 403, "used up");
    await ok(api, "DELETE", `/permissions/${counted.id}`);
    assert.equal(await statusOf(url), 401);
    const locked = await linkOf({ password: "open sesame" });
    const opened = await new Api(world.server.url).call("POST", "/links/session", {
      token: locked.token,
      password: "open sesame",
    });
    const behind = await signOne(new Api(world.server.url, opened.body.access_token), inside.id);
    assert.equal(await textOf(behind), "inside");
    await ok(api, "PATCH", `/permissions/${locked.id}`, { password: "open barley" });
    assert.equal(await statusOf(behind), 401);
    const box = await linkOf({ role: "uploader" });
    const uploader = new Api(world.server.url, box.token);
    assert.equal(
      (await uploader.call("POST", "/signed-urls", { items: [{ id: inside.id, use: "media" }] })).status,
      404,
    );
  });
});
