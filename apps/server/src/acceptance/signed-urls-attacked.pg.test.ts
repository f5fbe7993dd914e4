import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { requestRaw } from "./raw-request.ts";
import { useSigning } from "./signing.ts";
import { openStoredSecrets } from "./stored-secrets.ts";
import { Api, eventually, queryDatabase } from "./testing.ts";

describe("Signed URLs used by others", () => {
  const world = useSigning("signed-urls-attacked");
  const { newPerson, ok, mkdir, put, sign, signOne, textOf, statusOf } = world;

  test("return headers with only a safe file name, for any requested name", async () => {
    const { api } = await newPerson();
    const { id } = await put(api, "/n.txt", "n");
    for (const name of ["a\r\nset-cookie: x=y", "a\nb", "a\u0000b", "a/b", "..", "\ud800", "\u007f", "x".repeat(256)]) {
      const { status, body } = await api.call("POST", "/signed-urls", { ids: [id], use: "zip", name });
      assert.deepEqual([status, body.field], [422, "name"], JSON.stringify(name));
    }
    for (const name of ['quo"te; filename=evil.exe', "%0d%0aset-cookie: x=y", "日本 🙂", "a\\b", "a.zip", ".zip"]) {
      const [url = ""] = await sign(api, { ids: [id], use: "zip", name });
      const { status, headers } = await requestRaw(url);
      assert.equal(status, 200, name);
      assert.equal(headers["set-cookie"], undefined);
      assert.match(
        headers["content-disposition"] ?? "",
        /^attachment; filename=(?:[\w.-]+|"(?:[^"\\]|\\.)*\.zip")(?:; filename\*=UTF-8''[\w%.!~'*-]*)?$/,
      );
      assert.doesNotMatch(headers["content-disposition"] ?? "", /\.zip\.zip/);
    }
  });

  test("are issued only for readable files, and for a limited number", async () => {
    const owner = await newPerson();
    const stranger = await newPerson();
    const { id } = await put(owner.api, "/mine.txt", "secret");
    const nowhere = id.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const { id: theirs } = await put(stranger.api, "/theirs.txt", "theirs");
    const answers = new Set<string>();
    for (const asked of [id, nowhere, "nonsense"]) {
      for (const body of [
        { items: [{ id: asked, use: "download" }] },
        {
          items: [
            { id: theirs, use: "media" },
            { id: asked, use: "media", version: 1 },
          ],
        },
        { ids: [theirs, asked], use: "zip", name: "z" },
      ]) {
        const answer = await stranger.api.call("POST", "/signed-urls", body);
        const { request_id: _, ...said } = answer.body;
        answers.add(JSON.stringify([answer.status, said]));
      }
    }
    assert.equal(answers.size, 1, [...answers].join("\n"));
    assert.match([...answers][0] ?? "", /^\[404/);
    const bad: object[] = [
      {},
      { items: [] },
      { ids: [], use: "zip" },
      { ids: [theirs], use: "download" },
      { items: [{ id: theirs, use: "zip" }] },
      { items: [{ id: theirs }] },
      { items: Array.from({ length: limits.signedUrlsMax + 1 }, () => ({ id: theirs, use: "media" })) },
      { ids: Array.from({ length: limits.zippedNodesMax + 1 }, () => theirs), use: "zip" },
    ];
    for (const body of bad) {
      const { status } = await stranger.api.call("POST", "/signed-urls", body);
      assert.equal(status, 422, JSON.stringify(body).slice(0, 100));
    }
    const { body } = await stranger.api.call("POST", "/signed-urls", bad.at(-1));
    assert.match(
      String((body as { detail?: string }).detail),
      /^ids: /,
      "the error is that of the body that was meant",
    );
  });

  test("cannot be changed to another account, file, version, use, name or expiry", async () => {
    const { api } = await newPerson();
    const other = await newPerson();
    const [one, two] = [await put(api, "/1.png", "one"), await put(api, "/2.png", "two")];
    const url = await signOne(api, one.id, "media");
    const strange = await signOne(other.api, (await put(other.api, "/o.png", "other")).id, "media");
    const [zip = ""] = await sign(api, { ids: [one.id], use: "zip", name: "z" });
    const partsOf = (address: string) => (address.split("/").at(-1) ?? "").split("~");
    const [who = "", seal = "", until = "", facts = "", signature = ""] = partsOf(url);
    const [whoElse = "", , , factsElse = "", signatureElse = ""] = partsOf(strange);
    const [, , , zipFacts = "", zipSignature = ""] = partsOf(zip);
    const ids = (...list: string[]) => Buffer.from(list.join("").replaceAll("-", ""), "hex").toString("base64url");
    const block = "0".repeat(64);
    const { url: blockUrl } = await ok(api, "POST", "/blocks/upload-url", { hash: block, size: 1 });
    const forged: [string, string[]][] = [
      ["another account", [whoElse, seal, until, facts, signature]],
      ["another account's file", [who, seal, until, factsElse, signature]],
      ["all of another but who", [who, seal, until, factsElse, signatureElse]],
      ["another file", [who, seal, until, `media.${ids(two.id, two.version_id)}.`, signature]],
      ["another use", [who, seal, until, facts.replace("media", "download"), signature]],
      ["a zip", [who, seal, until, facts.replace("media", "zip"), signature]],
      ["the signature of a zip", [who, seal, until, facts, zipSignature]],
      ["more ids", [who, seal, until, zipFacts.replace(/\.[^.]*\./, `.${ids(one.id, two.id)}.`), zipSignature]],
      ["another name", [who, seal, until, zipFacts.replace(/[^.]*$/, "ZXZpbA"), zipSignature]],
      ["a later time", [who, seal, (Number.parseInt(until, 36) + 1000).toString(36), facts, signature]],
      ["no signature", [who, seal, until, facts, ""]],
      ["a shorter signature", [who, seal, until, facts, signature.slice(0, -1)]],
      ["a padded signature", [who, seal, until, facts, `${signature}=`]],
      ["a seal", [who, "x", until, facts, signature]],
      ["nothing", ["", "", "", "", ""]],
      ["an address for blocks", partsOf(blockUrl)],
    ];
    assert.equal(await textOf(url), "one");
    for (const [what, parts] of forged) {
      const answer = await requestRaw(`${world.server.url}/api/v1/signed/${parts.join("~")}`);
      assert.equal(answer.status, 401, what);
      assert.equal(answer.json.code, "unauthenticated", what);
    }
    const asBlock = await requestRaw(`${world.server.url}/api/v1/blocks/signed/${partsOf(url).join("~")}`, {
      method: "PUT",
      body: "x",
    });
    assert.equal(asBlock.status, 401);
    assert.ok((await statusOf(`${world.server.url}/api/v1/signed/${"x".repeat(10_000)}`)) >= 400);
  });

  test("end with the session or token, with the password, and while the owner is suspended", async () => {
    const person = await newPerson();
    const { id } = await put(person.api, "/e.txt", "here");
    const signedBy = async (api: Api) => [
      await signOne(api, id),
      (await sign(api, { ids: [id], use: "zip", name: "z" }))[0] ?? "",
    ];
    const assertAll = async (urls: readonly string[], status: number) => {
      for (const url of urls) assert.equal(await statusOf(url), status);
    };
    const first = await Api.signIn(world.server.url, person);
    const fromFirst = await signedBy(first);
    const made = await ok(person.api, "POST", "/tokens", { name: "t", scopes: ["files:read"] });
    const fromToken = await signedBy(new Api(world.server.url, made.token));
    const fromSession = await signedBy(person.api);
    await assertAll([...fromFirst, ...fromToken, ...fromSession], 200);
    await ok(first, "DELETE", "/sessions/current");
    await assertAll(fromFirst, 401);
    await ok(person.api, "DELETE", `/tokens/${made.id}`);
    await assertAll(fromToken, 401);
    await assertAll(fromSession, 200);
    await ok(world.admin, "PATCH", `/admin/users/${person.id}`, { disabled: true });
    await assertAll(fromSession, 401);
    await ok(world.admin, "PATCH", `/admin/users/${person.id}`, { disabled: false });
    const again = await Api.signIn(world.server.url, person);
    const fromAgain = await signedBy(again);
    await assertAll(fromAgain, 200);
    await ok(world.admin, "PATCH", `/admin/users/${person.id}`, { password: "another password of theirs" });
    await assertAll(fromAgain, 401);
    const writer = await Api.signIn(world.server.url, { ...person, password: "another password of theirs" });
    const { token } = await ok(writer, "POST", "/tokens", { name: "w", scopes: ["files:write", "account"] });
    const refused = await new Api(world.server.url, token).call("POST", "/signed-urls", {
      items: [{ id, use: "media" }],
    });
    assert.equal(refused.status, 403);
  });

  test("end at their expiry time", async () => {
    const { api } = await newPerson();
    const { id } = await put(api, "/t.txt", "here");
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id, use: "media" }] });
    const parts = urls[0].url.split("/").at(-1).split("~") as string[];
    assert.equal(Number.parseInt(parts[2] ?? "", 36), Date.parse(urls[0].expires_at));
    // Signing with the server's own key changes only the time. An attacker would need the data folder to do this.
    const { grantKey } = await openStoredSecrets(`${world.folder}/data`);
    const signedUntil = (atMs: number) => {
      const signed = parts.with(2, atMs.toString(36)).slice(0, -1).join("~");
      const signature = createHmac("sha256", grantKey).update(`download ${signed}`).digest("base64url");
      return `${world.server.url}/api/v1/signed/${signed}~${signature}`;
    };
    assert.equal(await textOf(signedUntil(Date.now() + 60_000)), "here");
    assert.equal(await statusOf(signedUntil(Date.now() - 1)), 401);
  });

  test("end while the file is not shared or its owner is suspended, and when it is deleted", async () => {
    const owner = await newPerson();
    const guest = await newPerson();
    const top = await mkdir(owner.api, "/shown");
    const { id } = await put(owner.api, "/shown/f.txt", "shared");
    const own = await put(guest.api, "/own.txt", "own");
    const share = () => ok(owner.api, "POST", `/files/${top}/share`, { email: guest.email, role: "viewer" });
    const given = await share();
    const urls = [
      await signOne(guest.api, id),
      await signOne(guest.api, top),
      ...(await sign(guest.api, { ids: [own.id, top], use: "zip", name: "z" })),
    ];
    for (const url of urls) assert.equal(await statusOf(url), 200);
    await ok(owner.api, "DELETE", `/permissions/${given.id}`);
    const told = new Set<string>();
    for (const url of urls) {
      const { status, json } = await requestRaw(url);
      told.add(`${status} ${json?.code}`);
    }
    assert.deepEqual([...told], ["404 not_found"]);
    await share();
    for (const url of urls) assert.equal(await statusOf(url), 200);
    await ok(world.admin, "PATCH", `/admin/users/${owner.id}`, { disabled: true });
    for (const url of urls) assert.equal(await statusOf(url), 404);
    await ok(world.admin, "PATCH", `/admin/users/${owner.id}`, { disabled: false });
    const ownUrl = await signOne(guest.api, own.id);
    await ok(guest.api, "DELETE", `/files/${own.id}?permanent=true`);
    assert.equal(await statusOf(ownUrl), 404);
  });

  test("a stored list opens only by its own URL, and ends with the permission on any node", async () => {
    const [owner, guest] = [await newPerson(), await newPerson()];
    const count = limits.zippedNodesInUrlMax + 1;
    const operations = Array.from({ length: count }, (_, index) => ({
      op: "mkdir",
      operation_id: index.toString(16).padStart(32, "0"),
      path: `/all/${index}`,
    }));
    const top = await mkdir(owner.api, "/all");
    const { results } = await ok(owner.api, "POST", "/sync/delta", { operations });
    const ids = results.map(({ node }: { node: { id: string } }) => node.id);
    const partsOf = (address: string) => (address.split("/").at(-1) ?? "").split("~");
    const stored = async () => (await queryDatabase(`${world.folder}/data`, "select from shard.zip_lists")).length;
    const before = await stored();
    // Repeated ids are one: the address of few has them itself.
    const repeated = Array.from({ length: limits.zippedNodesMax }, (_, index) => ids[index % 2]);
    const [few = ""] = await sign(owner.api, { ids: repeated, use: "zip" });
    assert.equal((await requestRaw(few)).bytes.toString("latin1").split("PK\u0001\u0002").length - 1, 2);
    assert.equal((await owner.api.call("POST", "/signed-urls", { ids: [...repeated, top], use: "zip" })).status, 422);
    assert.equal((await guest.api.call("POST", "/signed-urls", { ids, use: "zip" })).status, 404);
    assert.equal(await stored(), before, "no list without need, or of nodes that the caller cannot read");
    const { id: permission } = await ok(owner.api, "POST", `/files/${top}/share`, {
      user_id: guest.id,
      role: "viewer",
    });
    const [url = ""] = await sign(guest.api, { ids, use: "zip" });
    assert.equal(await stored(), before + 1);
    const [own = ""] = await sign(owner.api, { ids, use: "zip" });
    const [who = "", seal = "", until = "", facts = "", signature = ""] = partsOf(url);
    const [whoElse = "", , , factsElse = "", signatureElse = ""] = partsOf(own);
    const [, , , zipFacts = ""] = partsOf(few);
    const forged = [
      [who, seal, until, factsElse, signature],
      [who, seal, until, factsElse, signatureElse],
      [whoElse, seal, until, facts, signature],
      [who, seal, until, facts.replace("list", "zip"), signature],
      [who, seal, until, zipFacts.replace("zip", "list"), signature],
      [who, seal, (Number.parseInt(until, 36) + 1000).toString(36), facts, signature],
    ];
    for (const parts of forged)
      assert.equal(await statusOf(`${world.server.url}/api/v1/signed/${parts.join("~")}`), 401, parts.join("~"));
    assert.equal(await statusOf(url), 200);
    await ok(owner.api, "DELETE", `/permissions/${permission}`);
    assert.equal(await statusOf(url), 404);
    assert.equal(await statusOf(own), 200);
    await queryDatabase(`${world.folder}/data`, "update shard.zip_lists set expires_at = 1");
    assert.equal(await statusOf(own), 401);
  });

  test("an upload URL from a link ends when the link's password changes", async () => {
    const { api } = await newPerson();
    const top = await mkdir(api, "/filled");
    const link = await ok(api, "POST", `/files/${top}/share`, { link: true, role: "editor", password: "open sesame" });
    const { body } = await new Api(world.server.url).call("POST", "/links/session", {
      token: link.token,
      password: "open sesame",
    });
    const visitor = new Api(world.server.url, body.access_token);
    const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    const { url } = await ok(visitor, "POST", "/blocks/upload-url", { hash, size: 1 });
    assert.equal((await requestRaw(url, { method: "PUT", body: "x" })).status, 201);
    await ok(api, "PATCH", `/permissions/${link.id}`, { password: "open barley" });
    assert.equal((await requestRaw(url, { method: "PUT", body: "x" })).status, 401);
  });

  test("contain no token, and the log contains only their route pattern", async () => {
    const { api, email } = await newPerson();
    const { id } = await put(api, "/log.txt", "logged");
    const url = await signOne(api, id);
    const grant = url.split("/").at(-1) ?? "";
    await requestRaw(url);
    await requestRaw(`${url}x`);
    const [user] = await queryDatabase(`${world.folder}/data`, `select id from shard.users where email = '${email}'`);
    // The log line is written after the answer is sent, so the client may have the answer first.
    const log = await eventually("both are in the log, and who it was", 60_000, () => {
      const text = readFileSync(world.server.logFile, "utf8");
      const lines = text.split("\n").filter((line) => line.includes('"route":"/api/v1/signed/:grant"'));
      return lines.length >= 2 && lines.some((line) => line.includes(user?.["id"])) ? text : undefined;
    });
    assert.ok(!log.includes(grant.slice(0, 20)), "the log has the address");
    assert.ok(!url.includes(api.token ?? "-"));
    assert.doesNotMatch(Buffer.from(grant, "base64url").toString("latin1") + grant, /hf[prl]_|eyJ/);
  });
});
