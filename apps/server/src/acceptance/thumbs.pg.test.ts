import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import sharp from "sharp";
import { pdf, phonePhoto, plain, screenshot } from "../features/thumbs/testing-pictures.ts";
import { filesBelow } from "./files-below.ts";
import { requestRaw } from "./raw-request.ts";
import { useSigning } from "./signing.ts";
import { Api, eventually } from "./testing.ts";

/** Request of `<img src>`: no token, only the tag from a list. */
describe("Thumbnail", () => {
  const world = useSigning("thumbs");
  const { newPerson, ok, mkdir, put } = world;

  const list = (api: Api, id = "root", query = "") => ok(api, "GET", `/folders/${id}/contents?fields=row${query}`);
  const urlOf = (contentId: string, size: string, t: string) =>
    `${world.server.url}/api/v1/thumbs/${contentId}/${size}?t=${encodeURIComponent(t)}`;
  const load = (contentId: string, size: string, t: string) => requestRaw(urlOf(contentId, size, t));
  const statusOf = async (contentId: string, t: string, size = "s") => (await load(contentId, size, t)).status;
  const share = (owner: Api, id: string, email: string, role = "viewer") =>
    ok(owner, "POST", `/files/${id}/share`, { email, role });

  test("follows a photo's orientation, contains no metadata, has three sizes and is cached permanently", async () => {
    const { api } = await newPerson();
    await put(api, "/photo.jpg", await phonePhoto(2800, 2100));
    const { items, t } = await list(api);
    assert.equal(items[0].thumb, true);
    for (const [size, width, height] of [
      ["s", 192, 256],
      ["m", 576, 768],
      ["l", 1536, 2048],
    ] as const) {
      const { status, headers, bytes } = await load(items[0].content_id, size, t);
      assert.equal(status, 200, bytes.toString());
      assert.equal(headers["content-type"], "image/webp");
      assert.equal(headers["cache-control"], "private, max-age=31536000, immutable");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["cross-origin-resource-policy"], "same-origin");
      assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
      const facts = await sharp(bytes).metadata();
      assert.deepEqual([facts.format, facts.width, facts.height], ["webp", width, height]);
      assert.deepEqual(
        [facts.exif, facts.xmp, facts.icc, facts.orientation],
        [undefined, undefined, undefined, undefined],
      );
      assert.ok(!bytes.includes("Camera of Ann"));
      // After a quarter turn to the right, the left side is on top.
      const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      const above = data.subarray(3 * (10 * info.width + 20));
      assert.ok(
        (above[0] ?? 0) > 150 && (above[2] ?? 0) < 100,
        `red is above, not ${above[0]},${above[1]},${above[2]}`,
      );
    }
    const head = await requestRaw(urlOf(items[0].content_id, "s", t), { method: "HEAD" });
    assert.deepEqual([head.status, head.bytes.length], [200, 0]);
  });

  test("is available for image formats of browsers and PDFs, is never enlarged and keeps transparency", async () => {
    const { api } = await newPerson();
    const formats = ["jpeg", "png", "webp", "gif", "avif"] as const;
    for (const format of formats) await put(api, `/picture.${format}`, await plain(format, 100));
    await put(api, "/Screen Shot.PNG", await screenshot());
    await put(
      api,
      "/large.jpg",
      await sharp(await plain("png", 2))
        .resize(1200, 800)
        .jpeg()
        .toBuffer(),
    );
    await put(api, "/page.pdf", pdf());
    await put(api, "/text.txt", "no picture");
    await put(api, "/empty.jpg", "");
    const { items, t } = await list(api);
    const shown: { name: string; content_id: string }[] = items.filter(({ thumb }: { thumb?: true }) => thumb === true);
    assert.deepEqual(
      shown.map(({ name }: { name: string }) => name).toSorted(),
      ["Screen Shot.PNG", "large.jpg", "page.pdf", ...formats.map((format) => `picture.${format}`)].toSorted(),
    );
    for (const { name, content_id } of shown) {
      const { status, bytes } = await load(content_id, "s", t);
      assert.equal(status, 200, name);
      const { width, height, hasAlpha } = await sharp(bytes).metadata();
      assert.equal(Math.max(width, height), name.startsWith("picture") ? 100 : 256, name);
      assert.equal(hasAlpha, name.endsWith("PNG"), name);
    }
  });

  test("requires permission to read a version with its content", async () => {
    const ann = await newPerson();
    const ben = await newPerson();
    const folder = await mkdir(ann.api, "/album");
    const shown = await put(ann.api, "/album/shown.png", await plain("png", 40));
    const hidden = await put(ann.api, "/hidden.png", await plain("png", 42));
    const { t: annTag } = await list(ann.api);
    const { t: benTag } = await list(ben.api);
    assert.equal(await statusOf(shown.content_id, annTag), 200);
    assert.equal(await statusOf(shown.content_id, benTag), 404, "a stranger's own tag");
    assert.equal(await statusOf("f".repeat(64), annTag), 404);
    assert.equal(await statusOf("nothing", annTag), 404);
    const cem = await newPerson();
    await share(ann.api, folder, cem.email, "uploader");
    assert.equal(await statusOf(shown.content_id, (await list(cem.api)).t), 404, "an uploader");
    const permission = await share(ann.api, folder, ben.email);
    const { items, t: folderTag } = await list(ben.api, folder);
    assert.deepEqual([items[0].thumb, items[0].content_id], [true, shown.content_id]);
    assert.equal(await statusOf(shown.content_id, folderTag), 200);
    assert.equal(await statusOf(hidden.content_id, folderTag), 404, "what lies beside the share");
    assert.equal(await statusOf(hidden.content_id, annTag), 200);
    const { items: found, t: searchTag } = await ok(ben.api, "GET", "/search?q=shown");
    assert.equal(found.length, 1);
    assert.equal(await statusOf(shown.content_id, searchTag), 200, "in a list from everywhere");
    await ok(ann.api, "DELETE", `/permissions/${permission.id}`);
    assert.equal(await statusOf(shown.content_id, folderTag), 404, "after the right has ended");
    assert.equal(await statusOf(shown.content_id, searchTag), 404);
    await put(ann.api, "/hidden.png", "another content", "&on_conflict=replace");
    assert.equal(await statusOf(hidden.content_id, annTag), 200, "of an old version");
  });

  test("requires the tag of its list for a file shared alone or by link", async () => {
    const ann = await newPerson();
    const ben = await newPerson();
    const folder = await mkdir(ann.api, "/album");
    const { id, content_id } = await put(ann.api, "/album/one.png", await plain("png", 44));
    await put(ann.api, "/other.png", await plain("png", 46));
    await share(ann.api, id, ben.email);
    const { items, t } = await eventually("the pointer arrives", 60_000, async () => {
      const page = await ok(ben.api, "GET", "/shared-with-me");
      return page.items.length === 1 ? page : undefined;
    });
    assert.deepEqual([items[0].node.id, items[0].node.thumb], [id, true]);
    assert.equal(await statusOf(content_id, t), 200);
    await put(ann.api, "/album/one.png", "another content", "&on_conflict=replace");
    assert.equal(await statusOf(content_id, (await list(ben.api)).t), 404);
    assert.equal(await statusOf(content_id, (await ok(ben.api, "GET", `/files/${id}/versions`)).t), 200);
    await put(ann.api, "/album/one.png", await plain("png", 44), "&on_conflict=replace");
    const { token, id: link } = await ok(ann.api, "POST", `/files/${folder}/share`, { link: true, role: "viewer" });
    const { t: linkTag } = await list(new Api(world.server.url, token));
    assert.equal(await statusOf(content_id, linkTag), 200);
    await ok(ann.api, "DELETE", `/permissions/${link}`);
    assert.equal(await statusOf(content_id, linkTag), 401);
  });

  test("has only the small size for a link with counted downloads, and an uploader cannot list any", async () => {
    const { api } = await newPerson();
    const folder = await mkdir(api, "/album");
    const { content_id } = await put(api, "/album/one.png", await plain("png", 48));
    const linkTo = async (more: object) => {
      const { token } = await ok(api, "POST", `/files/${folder}/share`, { link: true, ...more });
      return new Api(world.server.url, token);
    };
    const { t } = await list(await linkTo({ role: "viewer", max_downloads: 1 }));
    assert.deepEqual([await statusOf(content_id, t, "s"), await statusOf(content_id, t, "l")], [200, 403]);
    const uploader = await linkTo({ role: "uploader" });
    assert.equal((await uploader.call("GET", `/folders/${folder}/contents`)).status, 404);
  });

  test("requires a tag of an active session, and the tag gives no other access", async () => {
    const { api, email, password } = await newPerson();
    const { id, content_id } = await put(api, "/one.png", await plain("png", 50));
    const { t } = await list(api);
    assert.equal((await list(api)).t, t, "the same all day, for a browser's cache");
    const second = await Api.signIn(world.server.url, { email, password });
    const { t: secondTag } = await list(second);
    assert.notEqual(secondTag, t);
    for (const wrong of ["", " ", "forged", `${t}x`, t.slice(0, -1), t.replace(/~[^~]*$/, "~")])
      assert.match(`${await statusOf(content_id, wrong)}`, wrong === "" ? /^(?:400|422)$/ : /^401$/, wrong);
    const base = `${world.server.url}/api/v1`;
    assert.equal((await requestRaw(`${base}/thumbs/${content_id}/s`)).status, 401);
    assert.equal((await requestRaw(`${base}/thumbs/${content_id}/xl?t=${t}`)).status, 404);
    assert.equal((await requestRaw(`${base}/signed/${t}`)).status, 401);
    assert.equal((await requestRaw(`${base}/files/${id}?t=${t}`)).status, 401);
    assert.equal((await requestRaw(`${base}/files/${id}`, { headers: { authorization: `Bearer ${t}` } })).status, 401);
    await ok(second, "DELETE", "/sessions/current");
    assert.equal(await statusOf(content_id, secondTag), 401);
    assert.equal(await statusOf(content_id, t), 200);
  });

  test("is created for each drive, so that its time does not disclose pictures in other drives", async () => {
    const [ann, ben] = [await newPerson(), await newPerson()];
    const good = await plain("png", 54);
    const bad = Buffer.concat([good.subarray(0, 40), Buffer.from("no picture of ours")]);
    const folder = join(world.folder, "data", "thumbs");
    const kept: number[] = [];
    for (const { api } of [ann, ben, ann]) {
      const ids = await Promise.all([
        put(api, "/same.png", good, "&on_conflict=replace"),
        put(api, "/bad.png", bad, "&on_conflict=replace"),
      ]);
      const { t } = await list(api);
      const before = filesBelow(folder).length;
      const statuses = [];
      for (const { content_id } of ids) statuses.push(await statusOf(content_id, t));
      assert.deepEqual(statuses, [200, 404]);
      kept.push(filesBelow(folder).length - before);
    }
    assert.deepEqual(kept, [2, 2, 0]);
  });

  test("is stored encrypted under an opaque name, and is created again if modified", async () => {
    const { api } = await newPerson();
    const { content_id } = await put(api, "/sealed.png", await plain("png", 52));
    const { t } = await list(api);
    const folder = join(world.folder, "data", "thumbs");
    const before = new Set(filesBelow(folder));
    const { bytes } = await load(content_id, "s", t);
    const made = filesBelow(folder).filter((file) => !before.has(file));
    assert.equal(made.length, 1);
    const [file = ""] = made;
    const sealed = readFileSync(file);
    assert.ok(!sealed.includes("WEBP") && !sealed.includes(bytes.subarray(8, 40)));
    assert.ok(!file.includes(content_id.slice(0, 16)));
    sealed.writeUInt8(sealed.readUInt8(30) ^ 1, 30);
    writeFileSync(file, sealed);
    const again = await load(content_id, "s", t);
    assert.deepEqual([again.status, again.bytes.equals(bytes)], [200, true]);
  });
});
