import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, test } from "node:test";
import {
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";
import { linkMaker, readFileBy, textOf } from "./testing-links.ts";

/** First piece before a cut of the connection. @returns undefined if refused */
async function receiveSome(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const sent = request(url, { headers, agent: false });
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  if ((answer.statusCode ?? 0) >= 300) {
    answer.resume();
    return undefined;
  }
  const [piece] = (await once(answer, "data")) as [Buffer];
  answer.on("error", () => {});
  sent.destroy();
  return piece.length;
}

describe("Links with counted downloads", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;

  before(async () => {
    folder = makeFolder("counted-links");
    server = await startServer({ dataFolder: `${folder}/data` });
    owner = await Api.signIn(server.url);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const { mkdir, put, makeLink } = linkMaker(() => owner);

  test("a download counts when it starts, not when it resumes, and never exceeds the link's limit", async () => {
    const top = await mkdir("/counted");
    const content = "0123456789".repeat(1000);
    const file = await put("/counted/file", content);
    const other = await put("/counted/other", "other");
    const { api } = await makeLink(top, { max_downloads: 2 });
    const downloadsLeft = async () => (await ok(api, "GET", "/links/current")).downloads_left;
    const get = (id: string, headers: Record<string, string> = {}, method = "GET") =>
      api.call(method, `/files/${id}/download`, undefined, { headers });
    const etag = (await get(file.id, {}, "HEAD")).headers.get("etag") ?? "";
    assert.equal((await get(file.id, { "if-none-match": etag })).status, 304);
    assert.equal(await downloadsLeft(), 2);
    assert.equal(textOf(await get(file.id)), content);
    assert.equal(await downloadsLeft(), 1);
    for (const range of ["bytes=5000-", "bytes=9000-", "bytes=-9"]) {
      assert.equal((await get(file.id, { range })).status, 206);
    }
    assert.equal(await downloadsLeft(), 1);
    assert.equal((await get(file.id, { range: "bytes=20000-" })).status, 416);
    const blocks = { items: [{ version_id: file.version_id, hashes: ["0".repeat(64)] }] };
    assert.equal((await api.call("POST", "/blocks/fetch", blocks)).status, 403);
    const statuses = await Promise.all(
      Array.from({ length: 8 }, () =>
        api.call("GET", `/files/${top}/download`).then((answer: ApiAnswer) => answer.status),
      ),
    );
    assert.deepEqual(
      statuses.toSorted((one, another) => one - another),
      [200, ...Array.from({ length: 7 }, () => 403)],
    );
    assert.equal(await downloadsLeft(), 0);
    assert.equal((await get(other.id)).status, 403);
    assert.equal((await get(other.id, { range: "bytes=1-" })).status, 403);
    assert.equal((await get(other.id, { range: "bytes=1-" })).status, 403, "what was refused is nothing to go on with");
    // More than twice its bytes in total would count as another download.
    assert.equal((await get(file.id, { range: "bytes=6009-" })).status, 206);
    assert.equal((await get(file.id, { range: "bytes=-1" })).status, 403);
    assert.equal((await get(file.id)).status, 403);
    assert.equal((await ok(owner, "GET", `/files/${top}/permissions`)).items[0].downloads, 2);
  });

  test("a second full download counts again, but ranges may read the file once more", async () => {
    const top = await mkdir("/anew");
    const content = "0123456789".repeat(1000);
    const file = await put("/anew/file", content);
    for (const first of [{}, { range: "bytes=0-" }] as Record<string, string>[]) {
      const { api } = await makeLink(top, { max_downloads: 1 });
      const get = async (headers: Record<string, string>) =>
        (await api.call("GET", `/files/${file.id}/download`, undefined, { headers })).status;
      assert.ok([200, 206].includes(await get(first)));
      assert.equal(await get({}), 403);
      assert.equal(await get({ range: "bytes=9000-" }), 206, "its end was lost on the way");
      assert.equal(await get({ range: "bytes=0-8999" }), 206);
      for (const range of ["bytes=0-", "bytes=0-1", "bytes=5-9,0-1"]) assert.equal(await get({ range }), 403, range);
    }
  });

  test("a media player's probe of a few bytes and its full read are one download", async () => {
    const top = await mkdir("/played");
    const file = await put("/played/file", "x".repeat(9000));
    const { api } = await makeLink(top, { max_downloads: 1 });
    const statuses = [];
    for (const range of ["bytes=0-1", "bytes=0-8999", "bytes=8000-", "bytes=0-8999"])
      statuses.push((await api.call("GET", `/files/${file.id}/download`, undefined, { headers: { range } })).status);
    assert.deepEqual(statuses, [206, 206, 206, 403]);
  });

  test("concurrent full downloads count each, and two concurrent full ranges share one", async () => {
    const top = await mkdir("/at once");
    const file = await put("/at once/file", randomBytes(100_000).toString("hex"));
    for (const [most, headers] of [
      [2, {}],
      [4, { range: "bytes=0-" }],
    ] as [number, Record<string, string>][]) {
      const { api } = await makeLink(top, { max_downloads: 2 });
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => api.call("GET", `/files/${file.id}/download`, undefined, { headers })),
      );
      const good = answers.filter(({ status }) => status < 300).length;
      assert.equal(good, most, answers.map(({ status }) => status).join());
    }
  });

  test("an interrupted download resumes by ranges without counting again", async () => {
    const top = await mkdir("/cut");
    const content = randomBytes(32 * 1024 * 1024);
    const file = (await owner.put("/cut/file", content)).body;
    const { api, token, id } = await makeLink(top, { max_downloads: 1 });
    const address = `${server.url}/api/v1/files/${file.id}/download`;
    // The server only notices the cut when it sends more.
    for (const headers of [{}, { range: "bytes=0-" }] as Record<string, string>[]) {
      const receivedBytes = await eventually("it may be begun again", 60_000, () =>
        receiveSome(address, { authorization: `Bearer ${token}`, ...headers }),
      );
      assert.ok(receivedBytes < content.length / 2, `${receivedBytes} bytes came`);
    }
    const again = await eventually("it may be begun again", 60_000, async () => {
      const whole = { headers: { range: "bytes=0-" } };
      const answer = await api.call("GET", `/files/${file.id}/download`, undefined, whole);
      return answer.status === 403 ? undefined : answer;
    });
    assert.ok(content.equals(Buffer.from(again.body)));
    assert.equal((await api.call("GET", `/files/${file.id}/download`)).status, 403);
    const { items } = await ok(owner, "GET", `/files/${top}/permissions`);
    assert.equal(items.find((each: { id: string }) => each.id === id).downloads, 1);
  });

  test("downloads of a link without a limit are counted, and none is rejected", async () => {
    const top = await mkdir("/free");
    const file = await put("/free/file", "free");
    const { api, id } = await makeLink(top);
    for (let times = 0; times < 3; times += 1) assert.equal(await readFileBy(api, file.id), "free");
    const [made] = (await ok(owner, "GET", `/files/${top}/permissions`)).items;
    assert.deepEqual([made.max_downloads, made.downloads], [null, 3]);
    await ok(owner, "PATCH", `/permissions/${id}`, { max_downloads: 4 });
    assert.deepEqual([await readFileBy(api, file.id), await readFileBy(api, file.id)], ["free", 403]);
  });

  test("concurrent ranges that start a download count once", async () => {
    const top = await mkdir("/in parts");
    const file = await put("/in parts/file", "x".repeat(8000));
    const { api } = await makeLink(top, { max_downloads: 1 });
    const part = (number: number) =>
      api.call("GET", `/files/${file.id}/download`, undefined, {
        headers: { range: `bytes=${number * 1000}-${number * 1000 + 999}` },
      });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, number) => part(number)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([206]));
    assert.equal((await ok(api, "GET", "/links/current")).downloads_left, 0);
  });
});
