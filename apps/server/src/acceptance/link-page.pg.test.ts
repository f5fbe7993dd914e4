import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("Link page", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;

  before(async () => {
    folder = makeFolder("link-page");
    server = await startServer({ dataFolder: `${folder}/data` });
    owner = await Api.signIn(server.url);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const mkdir = async (path: string): Promise<string> =>
    (await owner.call("POST", "/metadata", { path, kind: "folder", parents: true })).body.id;
  const put = async (path: string, content: string) => (await owner.put(path, content)).body;
  const makeLink = async (node: string, fields: Record<string, unknown> = {}) => {
    const { status, body } = await owner.call("POST", `/files/${node}/share`, {
      link: true,
      role: "viewer",
      ...fields,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return body as { id: string; token: string; url: string };
  };
  const get = async (url: string, init: RequestInit = {}) => {
    const answer = await fetch(url, { redirect: "manual", ...init });
    return { status: answer.status, headers: answer.headers, html: await answer.text() };
  };
  const addresses = (html: string, attribute = "href") =>
    [...html.matchAll(new RegExp(`${attribute}="([^"]*)"`, "g"))].map(([, text]) =>
      new URL((text ?? "").replaceAll("&amp;", "&"), server.url).toString(),
    );
  const sendFiles = (url: string, files: Record<string, string>) => {
    const form = new FormData();
    for (const [name, content] of Object.entries(files)) form.append("file", new Blob([content]), name);
    return get(url, { method: "POST", body: form });
  };

  test("lists the folder and folders inside, and downloads each file and the whole", async () => {
    const top = await mkdir("/shown");
    await put("/shown/<img src=x onerror=alert(1)>.txt", "hostile");
    await put("/shown/picture.png", "no picture");
    await mkdir("/shown/low");
    const deep = await put("/shown/low/deep.txt", "deep");
    const { url } = await makeLink(top);
    const { status, headers, html } = await get(url);
    assert.equal(status, 200);
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.match(headers.get("x-robots-tag") ?? "", /noindex/);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'self'; /);
    assert.match(policy, /frame-ancestors 'none'.*; style-src 'self' 'sha256-[^']+'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers.get("set-cookie"), null);
    const ownScript = /<script type="module" crossorigin src="\/assets\/[\w.-]+"><\/script>/g;
    assert.doesNotMatch(html.replaceAll(ownScript, ""), /<script|<img src=x/);
    assert.match(html, /&lt;img src=x onerror=alert\(1\)&gt;\.txt/);
    const zip = addresses(html).find((address) => address.endsWith(`/files/${top}`)) ?? "";
    const zipped = await fetch(zip);
    assert.equal(zipped.headers.get("content-type"), "application/zip");
    assert.equal(
      Buffer.from(await zipped.arrayBuffer())
        .subarray(0, 2)
        .toString(),
      "PK",
    );
    const [picture = ""] = addresses(html.replaceAll(ownScript, ""), "src");
    assert.equal((await get(picture)).html, "no picture");
    const inside = addresses(html).find((address) => address.includes("?in=")) ?? "";
    const low = await get(inside);
    const file = addresses(low.html).find((address) => address.endsWith(`/files/${deep.id}`)) ?? "";
    assert.equal((await get(file)).html, "deep");
    assert.match(low.html, /deep\.txt/);
    assert.ok(addresses(low.html).includes(`${url}?in=${top}`), low.html);
  });

  test("returns identical 404 pages for unknown, ended and trashed links and other nodes", async () => {
    const top = await mkdir("/going");
    const secret = await put("/not shown.txt", "secret");
    const link = await makeLink(top);
    const revoked = await makeLink(top);
    const locked = await makeLink(top, { password: "p" });
    await owner.call("DELETE", `/permissions/${revoked.id}`);
    const unknown = `${server.url}/s/hfl_${"0".repeat(32)}_${"A".repeat(43)}`;
    const pages = [revoked.url, unknown, `${server.url}/s/x`, `${link.url}?in=${secret.parent_id}`];
    const downloads = [link.url, revoked.url, unknown, `${server.url}/s/x`].map((url) => `${url}/files/${secret.id}`);
    // Only pages include a script, so pages and downloads have different error texts.
    for (const kind of [pages, downloads]) {
      const told = new Set<string>();
      for (const url of kind) {
        const { status, headers, html } = await get(url);
        told.add(JSON.stringify([status, html, headers.get("content-length")]));
      }
      assert.equal(told.size, 1, [...told].join("\n"));
      assert.match([...told][0] ?? "", /^\[404,/);
    }
    assert.equal((await get(`${locked.url}/files/${top}`)).status, 403);
    await owner.call("DELETE", `/files/${top}`);
    assert.equal((await get(link.url)).status, 404);
    await owner.call("POST", `/trash/${top}/restore`, {});
    assert.equal((await get(link.url)).status, 200);
    const moved = await mkdir("/elsewhere");
    await owner.call("PATCH", `/files/${top}`, { parent_id: moved, name: "renamed" });
    assert.match((await get(link.url)).html, /<h1>renamed<\/h1>/);
  });

  test("accepts several and large files by form from an uploader, and shows an uploader no files", async () => {
    const box = await mkdir("/box");
    await put("/box/of the owner.txt", "hidden");
    const { url } = await makeLink(box, { role: "uploader" });
    const { html } = await get(url);
    assert.doesNotMatch(html, /of the owner/);
    const [action = ""] = addresses(html, "action");
    const large = "0123456789abcdef\r\n--".repeat(300_000);
    const sent = await sendFiles(action, { "one.txt": "first", "of the owner.txt": "second", 'quo"te.bin': large });
    assert.equal(sent.status, 303, sent.html);
    assert.match((await get(new URL(sent.headers.get("location") ?? "", url).toString())).html, /Sent: 3 files/);
    const { items } = (await owner.call("GET", `/folders/${box}/contents`)).body;
    assert.deepEqual(
      items.map(({ name, size }: { name: string; size: number }) => [name, size]),
      [
        ["of the owner (2).txt", 6],
        ["of the owner.txt", 6],
        ["one.txt", 5],
        ['quo"te.bin', large.length],
      ],
    );
    const viewer = await makeLink(box);
    assert.equal((await sendFiles(viewer.url, { "x.txt": "x" })).status, 403);
  });

  test("shows a password form, and then returns signed URLs without a cookie", async () => {
    const top = await mkdir("/locked");
    const file = await put("/locked/secret.txt", "behind a password");
    const { url } = await makeLink(top, { password: "open sesame" });
    const asked = await get(url);
    assert.match(asked.html, /type="password"/);
    assert.doesNotMatch(asked.html, /secret\.txt|locked/);
    const body = (password: string) => ({ method: "POST", body: new URLSearchParams({ password }) });
    const wrong = await get(url, body("open barley"));
    assert.equal(wrong.status, 403);
    assert.doesNotMatch(wrong.html, /secret\.txt/);
    const lastUse = async () => (await owner.call("GET", `/files/${top}/permissions`)).body.items[0].last_used_at;
    assert.equal(await lastUse(), null, "nobody opened it yet");
    const beforeMs = Date.now();
    const right = await get(url, body("open sesame"));
    assert.equal(right.status, 200);
    assert.equal(right.headers.get("set-cookie"), null);
    assert.ok(Date.parse(await lastUse()) >= beforeMs);
    const address = addresses(right.html).find((each) => each.includes(file.id)) ?? "";
    assert.match(address, /access=\d+\.[\w-]{43}$/);
    assert.equal((await get(address)).html, "behind a password");
    assert.equal((await get(address.replace(/access=.*/, ""))).status, 403);
    const other = await makeLink(top, { password: "another" });
    const strange = `${other.url}/files/${file.id}?${new URL(address).searchParams.toString()}`;
    assert.equal((await get(strange)).status, 403);
  });

  test("signs each URL only for its own target", async () => {
    const top = await mkdir("/places");
    const [one, two] = [await put("/places/one.txt", "one"), await put("/places/two.txt", "two")];
    const [low, other] = [await mkdir("/places/low"), await mkdir("/places/other")];
    const deep = await put("/places/low/deep.txt", "deep");
    const link = await makeLink(top, { password: "p" });
    const { html } = await get(link.url, { method: "POST", body: new URLSearchParams({ password: "p" }) });
    const hrefs = addresses(html);
    const find = (part: string) => hrefs.find((each) => each.includes(part)) ?? assert.fail(`no ${part}: ${html}`);
    const [fileOne, zip, pageLow] = [find(`/files/${one.id}`), find(`/files/${top}`), find(`in=${low}`)];
    const accessOf = (address: string) => new URL(address).searchParams.get("access") ?? "";
    const at = (path: string, access: string) => {
      const url = new URL(`${link.url}${path}`);
      url.searchParams.set("access", access);
      return get(url.toString());
    };
    assert.equal((await get(fileOne)).html, "one");
    assert.equal((await get(zip)).status, 200);
    assert.match((await get(pageLow)).html, /deep\.txt/);
    for (const access of [fileOne, zip, pageLow].map(accessOf)) {
      assert.equal((await at(`/files/${two.id}`, access)).status, 403);
      assert.equal((await at(`/files/${deep.id}`, access)).status, 403);
      assert.equal((await at(`/files/${low}`, access)).status, 403);
      for (const page of ["", `?in=${other}`]) {
        const shown = await at(page, access);
        assert.match(shown.html, /type="password"/);
        assert.doesNotMatch(shown.html, /one\.txt|low\/|places/);
      }
      assert.equal((await new Api(server.url, access).call("GET", "/links/current")).status, 401);
      const sent = await sendFiles(`${link.url}?in=${other}&access=${access}`, { x: "x" });
      assert.equal(sent.status, 403);
    }
    const until = Number(accessOf(fileOne).split(".")[0]);
    assert.ok(Math.abs(until - Date.now() / 1000 - 900) < 60, `${until}`);
    const longer = accessOf(fileOne).replace(/^\d+/, (text) => `${Number(text) + 1000}`);
    assert.equal((await at(`/files/${one.id}`, longer)).status, 403);
    // Addresses on a page expire at the same time as the page's own.
    const inside = addresses((await get(pageLow)).html).map(accessOf);
    assert.deepEqual(
      new Set(inside.filter((text) => text !== "").map((text) => Number(text.split(".")[0]))),
      new Set([until]),
    );
    await owner.call("PATCH", `/permissions/${link.id}`, { password: "q" });
    assert.equal((await get(fileOne)).status, 403);
    await owner.call("PATCH", `/permissions/${link.id}`, { password: null });
    assert.equal((await get(fileOne)).status, 200, "no access is asked for any more");
    await owner.call("DELETE", `/permissions/${link.id}`);
    assert.equal((await get(fileOne)).status, 404);
    assert.equal((await get(zip)).status, 404);
  });

  test("logs no token and no password", async () => {
    const top = await mkdir("/logged");
    const { url, token } = await makeLink(top, { max_downloads: 1 });
    for (const address of [url, `${url}/files/${top}`, `${url}/files/${top}`, `${url}/nowhere`, `${url}?cursor=x`])
      await get(address);
    await new Api(server.url, token).call("GET", "/links/current");
    await new Api(server.url).call("POST", "/links/session", { token, password: "a password to look for" });
    const log = readFileSync(server.logFile, "utf8");
    assert.match(log, /"route":"\/s\/:token"/);
    assert.doesNotMatch(log, /hf[lk]_/);
    assert.doesNotMatch(log, /a password to look for/);
  });
});
