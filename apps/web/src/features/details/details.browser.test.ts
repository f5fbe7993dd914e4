import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { drawPicture } from "../../testing/draw-picture.ts";
import { makeLink, visit } from "../../testing/link-visit.ts";
import { testApp } from "../../testing/test-app.ts";
import { heicOf } from "./photo/testing-heic.ts";
import { tiffOf } from "./photo/testing-photos.ts";

const app = testApp();

test("an old version can be compared line by line, named, and restored, which can be undone", async () => {
  await app.api.put("/poem.txt", "roses are red\nviolets are blue\n");
  await app.api.put("/poem.txt", "roses are red\nviolets are violet\n", "&on_conflict=replace");
  await app.signIn();
  const { page } = app;
  const id = await app.api.idOf("/poem.txt");
  const content = async () => String((await app.api.call("GET", `/files/${id}/download`)).body);
  await app.open(`/files?open=${id}&panel=versions`);
  const acts = () => page.getByRole("button", { name: /^Actions for version \d+ from/ });
  const numbers = () => page.getByText(/^Version \d+/).allInnerTexts();
  await acts().nth(1).waitFor();
  assert.deepEqual(
    (await numbers()).map((text) => /^Version (\d+)/.exec(text)?.[1]),
    ["2", "1"],
    "as the command names them",
  );
  // Times include seconds to distinguish saves within a minute, and devices are shown by name.
  for (const text of await numbers()) assert.match(text, /\d:\d\d:\d\d/);
  const { items: devices } = await ok(app.api, "GET", "/devices");
  const { items: versions } = await ok(app.api, "GET", `/files/${id}/versions`);
  const { name } = devices.find((each: { id: string }) => each.id === versions[0].device_id);
  await page.getByText(`${name} · 33 B`, { exact: false }).first().waitFor();
  await acts().nth(1).click();
  await page.getByRole("menuitem", { name: "Open" }).click();
  await page.getByText("Version 1", { exact: true }).waitFor();
  await page.frameLocator("iframe").getByText("violets are blue").waitFor();
  await acts().nth(1).click();
  await page.getByRole("menuitem", { name: "Compare with current version" }).click();
  await page.getByRole("cell", { name: "violets are blue" }).waitFor();
  await page.getByRole("cell", { name: "violets are violet" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Close", exact: true }).last().click();

  await acts().nth(1).click();
  await page.getByRole("menuitem", { name: "Name this version" }).click();
  await page.getByLabel("Name", { exact: true }).fill("as printed");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("as printed").first().waitFor();

  await acts().nth(1).click();
  await page.getByRole("menuitem", { name: "Restore" }).click();
  await page.getByText("poem.txt restored to an earlier version").first().waitFor();
  assert.equal(await content(), "roses are red\nviolets are blue\n");
  await page.getByRole("button", { name: "Undo" }).click();
  await acts().nth(3).waitFor();
  assert.equal(await content(), "roses are red\nviolets are violet\n");
});

longTest("an editor cannot change the name that the owner gave a version", async () => {
  const { page } = app;
  const editor = await app.addPerson("Edda");
  await app.api.put("/shared.txt", "one");
  const id = await app.api.idOf("/shared.txt");
  await ok(app.api, "POST", `/files/${id}/share`, { email: editor.email, role: "editor" });
  await app.api.put("/shared.txt", "two", "&on_conflict=replace");
  await ok(app.api, "PATCH", `/files/${id}/versions/1`, { label: "as signed" });
  await app.signIn(editor);
  await app.open(`/shared?open=${id}&panel=versions`);
  const acts = () => page.getByRole("button", { name: /^Actions for version \d+ from/ });
  await acts().nth(1).click();
  const locked = page.getByRole("menuitem", { name: "Name set by another account" });
  assert.equal(await locked.getAttribute("aria-disabled"), "true");
  await page.keyboard.press("Escape");
  await acts().nth(0).click();
  await page.getByRole("menuitem", { name: "Name this version" }).waitFor();
});

longTest("a shared folder can be watched from its details or its mount, and others' changes are notified", async () => {
  const { page } = app;
  const guest = await app.addPerson("Gus");
  await ok(app.api, "POST", "/metadata", { path: "/Team", kind: "folder" });
  const id = await app.api.idOf("/Team");
  await ok(app.api, "POST", `/files/${id}/share`, { email: guest.email, role: "editor" });
  const mount = await ok(guest.api, "POST", "/mounts", { node_id: id });
  await app.signIn(guest);
  await app.open("/files?panel=details");
  await page.getByRole("row", { name: /Team/ }).click();
  const panel = page.getByRole("region", { name: "Details of Team" });
  await panel.getByRole("button", { name: "Watch for changes" }).click();
  await page.getByRole("region", { name: "Messages" }).getByText("when someone else changes Team").waitFor();
  const stop = panel.getByRole("button", { name: "Stop watching" });
  await stop.waitFor();
  assert.deepEqual(await axeProblems(page), []);
  for (const each of [id, mount.id])
    assert.deepEqual(await ok(guest.api, "GET", `/files/${each}/watch`), { watched: true, folder_watched: false });
  await app.api.put("/Team/plan.txt", "a plan");
  await page.getByRole("button", { name: "Notifications: 2 new" }).waitFor();
  await app.open(`/files/${id}?panel=details&open=${await app.api.idOf("/Team/plan.txt")}`);
  await page.getByText("You are watching a parent folder").waitFor();
  await app.open(`/files/${id}?panel=details`);
  await stop.click();
  await panel.getByRole("button", { name: "Watch for changes" }).waitFor();
});

longTest("old versions can be deleted, except the newest", async () => {
  for (const text of ["first draft", "second draft", "third draft"])
    await app.api.put("/draft.txt", text, "&on_conflict=replace");
  await app.signIn();
  const { page } = app;
  const id = await app.api.idOf("/draft.txt");
  await app.open(`/files?open=${id}&panel=versions`);
  await page.getByRole("button", { name: "Delete old versions…" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete old versions of draft.txt?" });
  assert.deepEqual(await axeProblems(page), []);
  await dialog.getByText("2 versions will be deleted, which frees up to 23 B.").waitFor();
  await dialog.getByLabel("Number of recent versions to keep").fill("3");
  await dialog.getByText("No versions will be deleted.").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled());
  await dialog.getByLabel("Number of recent versions to keep").fill("2");
  await dialog.getByText("1 version will be deleted, which frees up to 11 B.").waitFor();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("1 version deleted, 11 B freed").first().waitFor();
  const acts = page.getByRole("button", { name: /^Actions for version \d+ from/ });
  await acts.nth(2).waitFor({ state: "detached" });
  assert.equal(await acts.count(), 2);
  const { items } = await ok(app.api, "GET", `/files/${id}/versions`);
  assert.deepEqual(
    items.map(({ number }: { number: number }) => number),
    [3, 2],
  );
});

longTest("a comment can be added and resolved, and the activity shows the file's history", async () => {
  await app.api.put("/report.txt", "a report");
  await app.signIn();
  const { page } = app;
  const id = await app.api.idOf("/report.txt");
  await app.open(`/files?open=${id}&panel=comments`);
  await page.getByLabel("New comment").fill("Please look at this");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.getByText("Please look at this").first().waitFor();
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.getByRole("button", { name: "Reopen" }).waitFor();
  const { items } = await ok(app.api, "GET", `/files/${id}/comments`);
  assert.deepEqual(
    items.map(({ text, resolved }: { text: string; resolved: boolean }) => [text, resolved]),
    [["Please look at this", true]],
  );
  await page.getByRole("tab", { name: "Activity" }).click();
  await page.getByText(/added report\.txt/).waitFor();
  assert.deepEqual(await axeProblems(page), []);
});

longTest("typing @ suggests people with access, and those whose name stays in the comment are mentioned", async () => {
  app.expectComplaint(/status of 422 .*\/comments/);
  const [zoe, mark] = [await app.addPerson("Zoe"), await app.addPerson("Mark")];
  await app.addPerson("Zora");
  await app.api.put("/minutes.txt", "minutes");
  const id = await app.api.idOf("/minutes.txt");
  const share = (email: string, role: string) => ok(app.api, "POST", `/files/${id}/share`, { email, role });
  const ofZoe = await share(zoe.email, "commenter");
  await share(mark.email, "viewer");
  await app.signIn();
  const { page } = app;
  await app.open(`/files?open=${id}&panel=comments`);
  const field = page.getByLabel("New comment");
  const options = page.getByRole("listbox", { name: "People to mention" }).getByRole("option");
  await field.click();
  await page.keyboard.type("Ask @");
  await options.nth(1).waitFor();
  await page.keyboard.type("zo");
  await options.filter({ hasText: "Mark" }).waitFor({ state: "detached" });
  await options.getByText(zoe.email).waitFor();
  assert.equal(await options.count(), 1, "Zora has no access");
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.press("Enter");
  assert.equal(await field.inputValue(), "Ask @Zoe ");
  await page.keyboard.type("and @");
  await options.nth(1).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await field.inputValue(), "Ask @Zoe and @Mark ");
  await field.fill("Ask @Zoe and ");
  await page.keyboard.type("@m");
  await options.first().waitFor();
  await page.keyboard.press("Escape");
  await options.first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.locator("bdi", { hasText: /^@Zoe$/ }).waitFor();
  const mentioned = async () =>
    (await ok(app.api, "GET", `/files/${id}/comments`)).items.map(
      ({ text, mentions }: { text: string; mentions: { name: string }[] }) => [text, mentions.map(({ name }) => name)],
    );
  assert.deepEqual(await mentioned(), [["Ask @Zoe and @m", ["Zoe"]]]);

  await field.fill("@zo");
  await options.first().click();
  await ok(app.api, "DELETE", `/permissions/${ofZoe.id}`);
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.getByText("Zoe has no access. Remove the mention, or share this with Zoe first.").waitFor();
  assert.equal(await field.inputValue(), "@Zoe ");
});

longTest("a commenter can mention the owner, also in a mounted folder, and people found by search", async () => {
  app.expectComplaint(/status of 422 .*\/comments/);
  const [guest, lena] = [await app.addPerson("Gesa"), await app.addPerson("Lena")];
  const group = await ok(app.api, "POST", "/groups", { name: "Board" });
  for (const api of [guest.api, lena.api])
    await ok(app.api, "PUT", `/groups/${group.id}/members/${(await ok(api, "GET", "/account")).id}`, {
      role: "member",
    });
  await ok(app.api, "POST", "/metadata", { path: "/Board", kind: "folder" });
  const id = await app.api.idOf("/Board");
  await ok(app.api, "POST", `/files/${id}/share`, { email: guest.email, role: "commenter" });
  await ok(guest.api, "POST", "/mounts", { node_id: id });
  await app.signIn(guest);
  await app.open("/files?panel=comments");
  const { page } = app;
  await page.getByRole("row", { name: /Board/ }).click();
  const field = page.getByRole("region", { name: "Details of Board" }).getByLabel("New comment");
  const option = page.getByRole("option");
  await field.click();
  await page.keyboard.type("@adm");
  await option.getByText("Administrator", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.type("or @len");
  await option.getByText("Lena", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.getByText("Lena has no access.").waitFor();
  await field.fill("@Administrator, please");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.locator("bdi", { hasText: /^@Administrator$/ }).waitFor();
  const { items } = await ok(app.api, "GET", `/files/${id}/comments`);
  assert.deepEqual(
    items.map(({ mentions }: { mentions: { name: string }[] }) => mentions.map(({ name }) => name)),
    [["Administrator"]],
  );
});

longTest(
  "a picture's details show dimensions, camera and location, and the file is only read once they are open",
  async () => {
    const exif = tiffOf({
      main: { 0x010f: "FUJIFILM", 0x0110: "X-T5 \u202E<b>" },
      photo: { 0x829a: [[1, 120]], 0x8827: 400, 0x9003: "2026:05:01 12:30:00" },
      place: { 1: "N", 2: degrees(52.5), 3: "E", 4: degrees(13.25) },
    });
    await app.api.put("/lake.png", drawPicture(300, 200, exif));
    await app.signIn();
    const { page } = app;
    const id = await app.api.idOf("/lake.png");
    const asked: string[] = [];
    page.on("request", (request) => {
      if (/\/files\/[^/]+\/download|openstreetmap/.test(request.url())) asked.push(request.url());
    });
    await page.goto(`${app.server.url}/files?open=${id}`);
    const viewer = page.getByRole("dialog", { name: "lake.png" });
    await viewer.getByRole("img", { name: "lake.png" }).waitFor();
    assert.deepEqual(asked, []);
    await viewer.getByRole("button", { name: "Details", exact: true }).click();
    for (const fact of ["300 × 200 pixels", "FUJIFILM X-T5 <b>", "1 May 2026, 12:30", "1/120 s · ISO 400"])
      await viewer.getByText(fact, { exact: true }).waitFor();
    await viewer.getByText("52.50000, 13.25000").waitFor();
    assert.equal(asked.length, 1);
    const map = viewer.getByRole("link", { name: "Show on OpenStreetMap" });
    assert.deepEqual(await map.evaluate((link) => ["href", "target", "rel"].map((name) => link.getAttribute(name))), [
      "https://www.openstreetmap.org/?mlat=52.50000&mlon=13.25000#map=15/52.50000/13.25000",
      "_blank",
      "noopener noreferrer",
    ]);
    assert.deepEqual(await axeProblems(page), []);
  },
);

function degrees(value: number): [number, number][] {
  return [
    [Math.floor(value), 1],
    [(value % 1) * 60, 1],
    [0, 1],
  ];
}

longTest("large pictures are read in part, and a damaged picture shows its other details", async () => {
  app.expectComplaint(/404 .*\/api\/v1\/thumbs\//);
  await app.api.put("/large.png", Buffer.concat([drawPicture(300, 200), Buffer.alloc(400_000)]));
  const exif = tiffOf({ main: { 0x0110: "Pixel 9" } });
  await app.api.put("/late.heic", heicOf(400, 300, { exif, imageBytes: 400_000 }));
  // A list would complain about the missing thumbnail in the tests that follow.
  await ok(app.api, "POST", "/metadata", { path: "/damaged", kind: "folder" });
  await app.api.put("/damaged/none.jpg", "no picture");
  await app.signIn();
  const { page } = app;
  const sizes: (string | undefined)[] = [];
  page.on("response", (answer) => {
    if (answer.url().includes("/download")) sizes.push(answer.headers()["content-length"]);
  });
  await app.open(`/files?open=${await app.api.idOf("/large.png")}&panel=details`);
  await page.getByText("300 × 200 pixels").waitFor();
  assert.deepEqual(sizes, ["262144"]);
  await app.open(`/files?open=${await app.api.idOf("/late.heic")}&panel=details`);
  await page.getByText("400 × 300 pixels").waitFor();
  await page.getByText("Pixel 9", { exact: true }).waitFor();
  // EXIF has a head of 10 bytes.
  assert.deepEqual(sizes, ["262144", "262144", String(10 + exif.length)]);
  const read = page.waitForResponse((answer) => answer.url().includes("/download"));
  await app.open(`/files?open=${await app.api.idOf("/damaged/none.jpg")}&panel=details`);
  await (await read).finished();
  await page.getByText("/damaged/none.jpg", { exact: true }).waitFor();
  assert.equal(await page.getByText("pixels").count(), 0);
});

longTest("an owner who first opened their file by a link later sees it as its owner", async () => {
  await app.api.put("/flyer.txt", "a flyer");
  const { page } = app;
  await visit(page, (await makeLink(app, "/flyer.txt")).url);
  const id = await app.api.idOf("/flyer.txt");
  await app.signIn();
  await app.open(`/files?open=${id}&panel=details`);
  await page.getByText("/flyer.txt", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Sharing" }).waitFor();
});
