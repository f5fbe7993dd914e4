import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { plain } from "../features/thumbs/testing-pictures.ts";
import { newPerson, type Person } from "./new-person.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** In a real browser: apps/web/src/features/sign-in/two-accounts.browser.long.test.ts. */
describe("Browser cache of two accounts", () => {
  let folder: string;
  let server: RunningServer;
  let person: Person;

  before(async () => {
    folder = makeFolder("stored-answers");
    server = await startServer({ dataFolder: `${folder}/data` });
    person = await newPerson(await Api.signIn(server.url));
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const session = (method: "POST" | "DELETE", path = "", cookie = "", body = {}) =>
    fetch(`${server.url}/api/v1/sessions/web${path}`, {
      method,
      headers: { origin: server.url, "content-type": "application/json", cookie },
      ...(method === "POST" ? { body: JSON.stringify(body) } : {}),
    });

  const signIn = ({ email, password }: Person) => session("POST", "", "", { email, password });

  const cookieOf = (answer: Response, name: string) =>
    answer.headers.getSetCookie().find((each) => each.startsWith(`${name}=`)) ?? "";

  test("may store only thumbnails and downloads, each for its caller, also with a 304", async () => {
    const { api } = person;
    const picture = await plain("png", 40);
    const { id, content_id } = (await api.put("/picture.png", picture)).body;
    const { t } = await ok(api, "GET", "/folders/root/contents?fields=row");
    const block = createHash("sha256").update("a block").digest("hex");
    assert.equal((await api.call("PUT", `/chunks/${block}`, undefined, { body: "a block" })).status, 201);
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id, use: "media" }] });
    const stored = [`/files/${id}/download`, `/thumbs/${content_id}/s`, `/thumbs/${content_id}/s?t=${t}`, urls[0].url];
    for (const path of stored) {
      const { status, headers } = await api.call("GET", path);
      const etag = headers.get("etag") ?? "";
      const again = await api.call("GET", path, undefined, { headers: { "if-none-match": etag } });
      assert.deepEqual([status, again.status], [200, 304], path);
      for (const told of [headers, again.headers]) {
        assert.match(told.get("cache-control") ?? "", /^private, /, path);
        assert.equal(told.get("vary"), "authorization, cookie", path);
      }
    }
    for (const path of [`/chunks/${block}`, `/files/${id}`, "/account", "/files/nothing"]) {
      assert.equal((await api.call("GET", path)).headers.get("cache-control"), "no-store", path);
    }
    const zip = await api.call("GET", `/files/${(await api.call("GET", "/account")).body.root_id}/download`);
    assert.deepEqual([zip.status, zip.headers.get("cache-control")], [200, "no-store"]);
  });

  test("is separated by a cookie per account, which outlives refreshes and is removed at sign-out", async () => {
    const other = await newPerson(await Api.signIn(server.url));
    const [own, others] = [await signIn(person), await signIn(other)];
    const cache = cookieOf(own, "holdfast-cache");
    assert.match(cache, /^holdfast-cache=[\w-]+; Path=\/api\/v1; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    assert.notEqual(cookieOf(others, "holdfast-cache"), cache);
    const [secret = ""] = cookieOf(own, "holdfast-session").split(";", 1);
    const refreshed = await session("POST", "/refresh", secret);
    assert.notEqual(cookieOf(refreshed, "holdfast-session").split(";", 1)[0], secret);
    assert.equal(cookieOf(refreshed, "holdfast-cache"), cache);
    const [next = ""] = cookieOf(refreshed, "holdfast-session").split(";", 1);
    assert.match(cookieOf(await session("DELETE", "", next), "holdfast-cache"), /^holdfast-cache=; .*Max-Age=0;/);
  });
});
