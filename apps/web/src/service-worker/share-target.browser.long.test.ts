import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { administrator, eventually } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { type Front, openFront } from "../testing/front.ts";
import { signInByForm, testApp } from "../testing/test-app.ts";

const app = testApp({ size: "phone", isTouch: true });
let front: Front & { close(): Promise<void> };
beforeEach(async () => {
  front = await openFront(app.server.port);
});
afterEach(() => front.close());

interface Manifest {
  readonly share_target: {
    readonly action: string;
    readonly method: string;
    readonly enctype: string;
    readonly params: { readonly files: readonly { readonly name: string }[] };
  };
}

async function install(page: Page): Promise<void> {
  await signInByForm(page, front.url);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
}

/** Sends the form that the system sends, as the manifest describes it. The app's own pages forbid forms. */
async function share(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(`${app.server.url}/manifest.webmanifest`);
  const { action, method, enctype, params } = ((await answer.json()) as Manifest).share_target;
  await page.goto("about:blank");
  await page.setContent(
    `<form action="${front.url}${action}" method="${method}" enctype="${enctype}">
      <input type="file" name="${params.files[0]?.name}" multiple><button>Share</button>
    </form>`,
  );
  const chosen = Object.entries(files).map(([name, words]) => ({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(words),
  }));
  await page.locator("input").setInputFiles(chosen);
  await page.getByRole("button", { name: "Share" }).click();
}

async function saved(name: string, words: string): Promise<void> {
  const stored = await eventually(`${name} is uploaded`, 60_000, async () => {
    const answer = await app.api.download(`/${name}`).catch(() => undefined);
    return answer?.status === 200 ? String(answer.body) : undefined;
  });
  assert.equal(stored, words);
}

async function saveTo(page: Page, title: string, folder: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.getByRole("button", { name: `Save to ${folder}`, disabled: false }).click();
}

test("a folder is requested for shared files, which are then uploaded", async () => {
  const { page } = app;
  await install(page);
  await share(page, { "beach.txt": "sand", "hills.txt": "grass" });
  await saveTo(page, "Save 2 files", "Files");
  await saved("beach.txt", "sand");
  await saved("hills.txt", "grass");
  await eventually("no parcel is stored", 30_000, () =>
    page.evaluate(async () => {
      const keys = await (await caches.open("received-files")).keys();
      return keys.some(({ url }) => url.includes("/received/")) ? undefined : true;
    }),
  );
});

test("the newest parcel gets its folder first", async () => {
  const { page } = app;
  await install(page);
  await share(page, { "first.txt": "first" });
  await page.getByRole("dialog", { name: "Save “first.txt”" }).waitFor();
  await share(page, { "second.txt": "second" });
  await saveTo(page, "Save “second.txt”", "Files");
  await saveTo(page, "Save “first.txt”", "Files");
  await saved("first.txt", "first");
  await saved("second.txt", "second");
});

test("files shared while signed out wait for the sign-in", async () => {
  const { page } = app;
  await install(page);
  await page.context().clearCookies();
  await share(page, { "signed out.txt": "words" });
  await page.getByLabel("E-mail address").fill(administrator.email);
  await page.getByLabel("Password", { exact: true }).fill(administrator.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await saveTo(page, "Save “signed out.txt”", "Files");
  await saved("signed out.txt", "words");
});

test("shared files wait until the server can be reached", async () => {
  const { page } = app;
  await install(page);
  app.expectComplaint(/ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|FAILED|ABORTED)/);
  await front.leave();
  await share(page, { "offline.txt": "words" });
  await page.getByText("The file stays in this browser until you choose a folder.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "offline.txt" }).waitFor();
  assert.ok(await page.getByRole("button", { name: "Choose folder…" }).isDisabled());
  await front.comeBack();
  await saveTo(page, "Save “offline.txt”", "Files");
  await saved("offline.txt", "words");
});

test("an empty or too large parcel is rejected with an explanation", async () => {
  const { page } = app;
  await install(page);
  await share(page, {});
  await page.getByText("The other app shared no files.").waitFor();
  const many = Array.from({ length: 101 }, (_, index) => [`${index}.txt`, "words"]);
  await share(page, Object.fromEntries(many) as Record<string, string>);
  await page.getByText("at most 100 can wait").waitFor();
  await page.getByText("No files are waiting").waitFor();
});

test("sharing after the browser has deleted the service worker leads to an explanation", async () => {
  const { page } = app;
  await install(page);
  await page.evaluate(async () => {
    for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister();
  });
  await share(page, { "unready.txt": "words" });
  await page.getByText("The app was not ready to receive files.").waitFor();
});
