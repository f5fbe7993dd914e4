import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { drawPicture } from "../../../testing/draw-picture.ts";
import { filesPage } from "../../../testing/files-page.ts";
import { axeProblems } from "../../../testing/axe.ts";
import { becomes } from "../../../testing/files-app.ts";
import { recordVideo } from "../../../testing/record-video.ts";
import { testApp } from "../../../testing/test-app.ts";

const app = testApp();

test("the grid shows a video's picture, after a reload without rereading it, and an icon for a broken video", async () => {
  const { page, api } = app;
  await app.signIn();
  const { id } = await ok(api, "POST", "/metadata", { path: "/Videos", kind: "folder" });
  await api.put("/Videos/clip.webm", await recordVideo(page));
  await api.put("/Videos/broken.mp4", "no video");
  await app.open(`/files/${id}`);
  await filesPage(page).showAs("Grid view");
  const picture = page.getByRole("row").filter({ hasText: "clip.webm" }).locator("img");
  await picture.waitFor();
  const color = () =>
    picture.evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      const canvas = document.createElement("canvas");
      const pen = canvas.getContext("2d");
      pen?.drawImage(image, 0, 0);
      return [...(pen?.getImageData(100, 100, 1, 1).data ?? [])];
    });
  const [red = 0, green = 255] = await color();
  assert.ok(red > 180 && green < 60, `red, not ${red},${green}`);
  const broken = page.getByRole("row").filter({ hasText: "broken.mp4" });
  await broken.getByRole("img", { name: "Video" }).waitFor();
  assert.equal(await broken.locator("img").count(), 0);
  const [clipId, brokenId] = [await api.idOf("/Videos/clip.webm"), await api.idOf("/Videos/broken.mp4")];
  const cacheKinds = () => page.evaluate(async () => (await caches.keys()).map((name) => name.split("-")[1] ?? ""));
  await becomes(async () => (await cacheKinds()).filter((name) => name === "thumbs"), ["thumbs"]);
  await page.reload();
  await picture.waitFor();
  const bodies: string[] = [];
  page.on("request", (request) => request.url().endsWith("/signed-urls") && bodies.push(request.postData() ?? ""));
  const retry = page.waitForRequest((request) => request.postData()?.includes(brokenId) === true);
  await page.reload();
  await picture.waitFor();
  await retry;
  assert.ok(!bodies.some((body) => body.includes(clipId)), bodies.join(" "));
});

test("the grid shows four pictures of a folder, one if there are fewer, and an icon for other folders", async () => {
  const { page, api } = app;
  for (const path of ["/Trips/Rome/Walks", "/Trips/Oslo", "/Trips/Notes"])
    await ok(api, "POST", "/metadata", { path, kind: "folder", parents: true });
  for (let at = 0; at < 5; at += 1) await api.put(`/Trips/Rome/${at}.png`, drawPicture(100 + at, 60));
  await api.put("/Trips/Oslo/1.png", drawPicture(80, 60));
  await api.put("/Trips/Oslo/list.txt", "skis");
  await app.signIn();
  await app.open(`/files/${await api.idOf("/Trips")}`);
  await filesPage(page).showAs("Grid view");
  const pictures = (name: string) => page.getByRole("row").filter({ hasText: name }).locator("img");
  await becomes(async () => [`${await pictures("Rome").count()} ${await pictures("Oslo").count()}`], ["4 1"]);
  await becomes(
    () => pictures("Rome").evaluateAll((all) => all.map((each) => `${(each as HTMLImageElement).naturalWidth > 0}`)),
    ["true", "true", "true", "true"],
  );
  assert.equal(await pictures("Notes").count(), 0);
  assert.deepEqual(await axeProblems(page), []);
});
