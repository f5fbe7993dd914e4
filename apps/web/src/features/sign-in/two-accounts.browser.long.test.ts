import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { plainHttpHost } from "@holdfast/tools/testing-browser";
import { drawPicture } from "../../testing/draw-picture.ts";
import { signInByForm, testApp } from "../../testing/test-app.ts";

const app = testApp();
const modes = ["default", "force-cache"] as const;

function fetchAll(urls: readonly string[], token: string, cacheModes: readonly RequestCache[]) {
  const asked = urls.flatMap((url) =>
    cacheModes.flatMap((cache) =>
      [`Bearer ${token}`, undefined].map((authorization) => ({ url, cache, authorization })),
    ),
  );
  return app.page.evaluate(
    (all) =>
      Promise.all(
        all.map(async ({ url, cache, authorization }) => {
          const headers = authorization === undefined ? {} : { authorization };
          const answer = await fetch(url, { cache, headers });
          const bytes = await answer.arrayBuffer();
          const text = new TextDecoder("latin1").decode(bytes);
          return { url, cache, isByToken: authorization !== undefined, status: answer.status, text };
        }),
      ),
    asked,
  );
}

test("an account over plain http gets no stored data of another one, and its own view of a shared item", async () => {
  app.expectComplaint(/status of 40[134]|Cross-Origin-Opener-Policy header has been ignored/);
  app.expectComplaint(/Clear-Site-Data header .* Not supported for insecure origins/);
  const { page } = app;
  const url = `http://${plainHttpHost}:${app.server.port}`;
  const [ida, ben] = [await app.addPerson("Ida"), await app.addPerson("Ben")];
  const mkdir = async (path: string) => (await ok(ida.api, "POST", "/metadata", { path, kind: "folder" })).id;
  const put = async (path: string, bytes: Uint8Array) => (await ida.api.put(path, bytes)).body;
  const folder = await mkdir("/of ida alone");
  const own = await put("/of ida alone/own.png", drawPicture(40, 30));
  await mkdir("/album of ida");
  const trip = await mkdir("/album of ida/trip");
  const shared = await put("/album of ida/trip/shared.png", drawPicture(50, 30));
  await ok(ida.api, "POST", `/files/${trip}/share`, { email: ben.email, role: "viewer" });
  await ok(ben.api, "POST", "/metadata", { path: "/of ben", kind: "folder" });

  const seen = new Set<string>();
  page.on("request", (request) => {
    if (request.method() === "GET" && /\/api\/v1\/(?!.*poll)/.test(request.url())) seen.add(request.url());
  });
  await signInByForm(page, url, ida);
  await page.goto(`${url}/files/${folder}?panel=details`);
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await page.getByRole("row").getByText("own.png").click();
  await page.locator("img[src*='/thumbs/']").first().waitFor();
  await page.getByRole("complementary").getByText("own.png").first().waitFor();
  await page.goto(`${url}/files/${folder}?open=${own.id}`);
  await page.getByRole("img", { name: "own.png" }).waitFor();
  const api = `${url}/api/v1`;
  for (const { id, content_id } of [own, shared]) {
    seen.add(`${api}/files/${id}`).add(`${api}/files/${id}/download`).add(`${api}/thumbs/${content_id}/s`);
  }
  const urls = [...seen];
  const idaGot = await fetchAll(urls, ida.api.token ?? "", ["default"]);
  const images = (of: typeof idaGot) => of.filter(({ status, text }) => status === 200 && /^(?:.PNG|RIFF)/s.test(text));
  assert.ok(images(idaGot).length >= 6, "contents, thumbnails by token and by tag, and the preview");
  const tagged = urls.find((each) => each.includes("/thumbs/") && each.includes("?t=")) ?? "";
  const transferred = (of: string) =>
    page.evaluate(async (name) => {
      performance.clearResourceTimings();
      await (await fetch(name)).arrayBuffer();
      return (performance.getEntriesByName(name).at(-1) as PerformanceResourceTiming).transferSize;
    }, of);
  assert.equal(await transferred(tagged), 0);

  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.getByRole("row").getByText("own.png").click();
  await page.keyboard.press("Control+c");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").fill(ben.email);
  await page.getByLabel("Password", { exact: true }).fill(ben.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("row").getByText("of ben").waitFor();
  await page.locator("[data-scroller]").click({ button: "right", position: { x: 300, y: 400 } });
  await page.getByRole("menuitem", { name: "New folder" }).waitFor();
  assert.equal(await page.getByRole("menuitem", { name: "Paste" }).count(), 0, "of the clipboard of Ida");
  await page.keyboard.press("Escape");

  const benGot = await fetchAll(urls, ben.api.token ?? "", modes);
  const idasOnly = [own.id, folder, "of ida alone", "album of ida", ida.email];
  for (const { url: of, cache, isByToken, status, text } of benGot) {
    const what = `${of} ${cache} ${isByToken ? "by token" : ""}`;
    const isShared = of.includes(shared.id) || of.includes(shared.content_id);
    // A thumbnail of others needs the tag of a list.
    if (isShared && isByToken && !of.includes("/thumbs/")) assert.equal(status, 200, what);
    else assert.deepEqual(images([{ url: of, cache, isByToken, status, text }]), [], what);
    for (const secret of idasOnly) assert.ok(!text.includes(secret), `${what} contains ${secret}`);
  }
  const nodes = benGot.filter(({ url: of, status }) => of === `${api}/files/${shared.id}` && status === 200);
  assert.deepEqual(
    nodes.map(({ text }) => [JSON.parse(text).role, JSON.parse(text).path]),
    modes.map(() => ["viewer", "/shared.png"]),
  );
  await page.goto(`${url}/files/${folder}?open=${own.id}`);
  await page.getByText("This folder was deleted or is no longer shared with you.").waitFor();
  await page.goto(`${url}/files/${trip}`);
  await page.getByRole("row").getByText("shared.png").waitFor();
});
