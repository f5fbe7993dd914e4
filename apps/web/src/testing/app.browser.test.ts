import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, eventually } from "@holdfast/server/acceptance/testing";
import { filesPage } from "./files-page.ts";
import { hasFocus } from "./focus.ts";
import { testApp } from "./test-app.ts";
import { watchPage } from "./watched-page.ts";

const app = testApp();

test("a sign-in by the form shows the drive and its live changes", async () => {
  await app.api.put("/before.txt", "before");
  await app.open("/");
  await app.page.waitForURL(/\/sign-in/);
  await app.signInByForm();
  await app.page.getByRole("heading", { level: 1, name: "Files" }).waitFor({ state: "attached" });
  await filesPage(app.page).seen("before.txt");
  await app.api.put("/after.txt", "after");
  await filesPage(app.page).seen("after.txt");
});

const shownIn: Readonly<Record<string, readonly [heading: string, text: string | RegExp]>> = {
  "/files": ["Files", "listed.txt"],
  "/recent": ["Recent", "listed.txt"],
  "/starred": ["Starred", "Files and folders that you star appear here."],
  "/shared": ["Shared", "Files and folders that others share with you appear here."],
  "/trash": ["Trash", /^The trash is empty/],
  "/search": ["Search", "Enter a file or folder name above."],
  "/settings": ["Profile", administrator.email],
  "/admin": ["Overview", "Files and folders, including trash"],
  "/design": ["Components", "Light"],
};

test("every place shows its heading and content to a signed-in account without a policy violation", async () => {
  const { page, api } = app;
  await api.put("/listed.txt", "listed");
  await app.signIn();
  for (const [place, [heading, text]] of Object.entries(shownIn)) {
    await app.open(place);
    const main = page.getByRole("main");
    await main.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor({ state: "attached" });
    await main.getByText(text, { exact: true }).first().waitFor();
    assert.equal(new URL(page.url()).pathname, place);
  }
});

test("a dialog locks the page's scrolling through a style sheet that the policy allows", async () => {
  await app.open("/design");
  const isLocked = (locked: boolean) =>
    app.page.waitForFunction((is) => (getComputedStyle(document.body).overflow === "hidden") === is, locked);
  await isLocked(false);
  await app.page.getByRole("button", { name: "Open a dialog" }).first().click();
  await app.page.getByRole("dialog").waitFor();
  await isLocked(true);
  await hasFocus(app.page.getByRole("dialog"));
  await app.page.keyboard.press("Escape");
  await app.page.getByRole("dialog").waitFor({ state: "detached" });
  await isLocked(false);
});

test("a console message, a script error, a missing file and a policy violation each count as a complaint", async () => {
  app.expectComplaint(/a warning|a broken script|missing-123|Content Security Policy|TrustedScript|failed: csp/);
  const complaints: string[] = [];
  watchPage(app.page, complaints);
  await app.open("/sign-in");
  const complaintOf = async (pattern: RegExp, act: () => Promise<unknown>) => {
    complaints.length = 0;
    await act();
    await eventually(String(pattern), 30_000, () => complaints.find((text) => pattern.test(text)));
  };
  const { page } = app;
  await complaintOf(/a warning/, () => page.evaluate(() => console.warn("a warning")));
  await complaintOf(/a broken script/, () =>
    page.evaluate(() => {
      setTimeout(() => {
        throw new Error("a broken script");
      });
    }),
  );
  await complaintOf(/404.*missing-123/, () =>
    page.evaluate(async () => (await fetch("/assets/missing-123.js")).status),
  );
  const put = (name: string, properties: object) =>
    page.evaluate(([tag, given]) => document.body.append(Object.assign(document.createElement(tag), given)), [
      name,
      properties,
    ] as const);
  await complaintOf(/Content Security Policy/, () => put("style", { textContent: "body { color: red }" }));
  await complaintOf(/Content Security Policy/, () => put("img", { src: "https://elsewhere.example/x.png" }));
  await complaintOf(/TrustedScript/, () =>
    page.evaluate(() => document.createElement("script").setAttribute("src", "/x.js")).catch(() => {}),
  );
});
