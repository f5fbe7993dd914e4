import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Api, makeFolder, ok, removeFolder, startServer } from "@holdfast/server/acceptance/testing";
import { type Browser, launch, type Page } from "@holdfast/tools/testing-browser";
import { excelOf, wordLine, wordOf } from "../preview-frame/office/testing-office.ts";
import { zipOf } from "../preview-frame/zip/testing-zip.ts";
import { drawPicture } from "./draw-picture.ts";
import { signInByForm, sizes } from "./test-app.ts";

/**
 * `npm run screenshots [FOLDER] [PART OF A PLACE]`: each place in light and dark, on a phone, a tablet and a desktop.
 */
const folder = resolve(process.env["INIT_CWD"] ?? ".", process.argv[2] ?? "screenshots");
const part = process.argv[3] ?? "";

const unknownName = "unknown";
const strangers: Readonly<Record<string, string>> = { "sign-in": "/sign-in", setup: "/setup", invite: "/invite" };

const data = makeFolder("screenshots");
const server = await startServer({ dataFolder: `${data}/data` });
try {
  const api = await Api.signIn(server.url);
  const fileId = await fill(api);
  const framedIds = await fillFramed(api);
  const links = await makeLinks(api);
  const places = [
    "/files",
    `/files?open=${fileId}`,
    ...framedIds.map((id) => `/files?open=${id}`),
    `/files?open=${await putFile(api, "/Letter.doc", "no letter")}&name=${unknownName}`,
    `/files?open=${fileId}&panel=details`,
    `/files?open=${fileId}&panel=sharing`,
    "/recent",
    "/starred",
    "/shared",
    "/trash",
    "/search?q=plan",
    `/edit/${fileId}`,
    "/rewind/root",
    ...["profile", "security", "devices", "tokens", "notifications", "appearance", "offline"].map(
      (each) => `/settings/${each}`,
    ),
    ...[
      "overview",
      "accounts",
      "invitations",
      "groups",
      "access",
      "programs",
      "plans",
      "storage",
      "jobs",
      "reports",
      "audit",
      "settings",
    ].map((each) => `/admin/${each}`),
    "/design",
    "/files/nowhere",
  ];
  mkdirSync(folder, { recursive: true });
  const browser = await launch();
  try {
    for (const size of ["phone", "tablet", "desktop"] as const)
      for (const scheme of ["light", "dark"] as const)
        await takeAll(browser, size, scheme, { ...strangers, ...links }, places);
  } finally {
    await browser.close();
  }
} finally {
  await server.stop();
  removeFolder(data);
}
console.log(`The pictures are in ${folder}.`);

async function takeAll(
  browser: Browser,
  size: keyof typeof sizes,
  colorScheme: "light" | "dark",
  open: Readonly<Record<string, string>>,
  places: readonly string[],
): Promise<void> {
  const viewport = sizes[size];
  const context = await browser.newContext({
    viewport,
    colorScheme,
    reducedMotion: "reduce",
    hasTouch: size === "phone",
  });
  const page = await context.newPage();
  for (const [name, place] of Object.entries(open)) await take(page, place, `${size}-${colorScheme}`, name);
  await signInByForm(page, server.url);
  for (const place of places) await take(page, place, `${size}-${colorScheme}`);
  await context.close();
}

async function fill(api: Api): Promise<string> {
  for (const path of ["/Pictures", "/Documents", "/Documents/Invoices"])
    await ok(api, "POST", "/metadata", { path, kind: "folder" });
  const names = [
    "Plan.md",
    "Plan 2.md",
    "Plan 10.md",
    "Grundstück.pdf",
    "عربي.txt",
    "a very long name ".repeat(8) + ".txt",
  ];
  for (const name of names) await api.put(`/${name}`, `# ${name}\n\nWords of ${name}.\n`);
  await api.put("/Plan.md", "# Plan\n\nThe second version.\n", "&on_conflict=replace");
  await api.put("/gone.txt", "gone");
  await ok(api, "DELETE", `/files/${await api.idOf("/gone.txt")}`);
  const id = await api.idOf("/Plan.md");
  await ok(api, "PUT", `/files/${id}/star`);
  await ok(api, "POST", "/admin/users", { email: "bob@example.com", password: "the password of Bob", name: "Bob" });
  await ok(api, "POST", `/files/${id}/share`, { email: "bob@example.com", role: "editor" });
  return id;
}

async function fillFramed(api: Api): Promise<string[]> {
  const code = `import { open } from "node:fs/promises";\n\n/** Says what is there. */\nexport async function list(path: string): Promise<number> {\n  const count = 42; // all\n  return \`\${path} has \${count}\`.length;\n}\n`;
  const words = `# Garden\n\nWhat *grows* in **May**, and [what does not](https://example.com).\n\n- [x] Beans\n- [ ] Peas\n\n| Bed | Plants |\n| - | -: |\n| North | 12 |\n| South | 7 |\n\n> Water in the evening.\n\n\`\`\`ts\nconst litres = 12;\n\`\`\`\n\n![A bed](bed.jpg)\n`;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 60"><rect width="100" height="60" fill="#cde"/><circle cx="50" cy="30" r="20" fill="#264"/></svg>`;
  const names = [
    "Beds/North/beans.jpg",
    "Beds/North/peas.jpg",
    "Beds/South/rose 2.jpg",
    "Beds/South/rose 10.jpg",
    "List.txt",
  ];
  const zip = zipOf(
    names.map((name, index) => ({ name, contentBytes: 12_345 * 17 ** index, isEncrypted: index === 4 })),
  );
  const letter = wordOf(
    `${wordLine("Garden", '<w:outlineLvl w:val="0"/>')}${wordLine("What grows in May, and what does not.")}<w:tbl>${["Bed", "North", "South"].map((name) => `<w:tr><w:tc>${wordLine(name)}</w:tc><w:tc>${wordLine("12")}</w:tc></w:tr>`).join("")}</w:tbl>`,
  );
  const beds = ["North", "South"].map(
    (name, index) => `<row><c t="inlineStr"><is><t>${name}</t></is></c><c><v>${index * 12.5}</v></c></row>`,
  );
  const book = excelOf(
    ["Beds", "Plants"].map((name) => ({ name, content: `<sheetData>${beds.join("")}</sheetData>` })),
  );
  const files = {
    "/list.ts": code.repeat(20),
    "/Garden.md": words,
    "/Plan.svg": drawing,
    "/Garden.docx": letter,
    "/Garden.xlsx": book,
    "/Garden.zip": zip,
  };
  const ids: string[] = [];
  for (const [path, content] of Object.entries(files)) ids.push(await putFile(api, path, content));
  return ids;
}

async function putFile(api: Api, path: string, content: string | Buffer): Promise<string> {
  await api.put(path, content);
  return api.idOf(path);
}

async function makeLinks(api: Api): Promise<Record<string, string>> {
  await api.put("/Pictures/wide.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
  for (const name of ["Beach 2.png", "Beach 10.png"]) await api.put(`/Pictures/${name}`, drawPicture(640, 400));
  const link = async (path: string, fields: object): Promise<string> => {
    const { url } = await ok(api, "POST", `/files/${await api.idOf(path)}/share`, { link: true, ...fields });
    return new URL(url as string).pathname;
  };
  const pictures = await link("/Pictures", { role: "viewer", expires_at: "2099-12-31T00:00:00Z" });
  return {
    "link-folder": pictures,
    "link-folder-preview": `${pictures}?open=${await api.idOf("/Pictures/Beach 2.png")}`,
    "link-folder-gone": `${pictures}?in=nowhere`,
    "link-editor": await link("/Documents", { role: "editor" }),
    "link-uploader": await link("/Documents/Invoices", { role: "uploader" }),
    "link-picture": await link("/Pictures/Beach 2.png", { role: "viewer" }),
    "link-text": await link("/Plan.md", { role: "viewer" }),
    "link-counted": await link("/Plan 2.md", { role: "viewer", max_downloads: 3 }),
    "link-password": await link("/Plan 10.md", { role: "viewer", password: "p" }),
    "link-missing": "/s/hfl_nothing",
  };
}

async function take(page: Page, place: string, look: string, name = nameOf(place)): Promise<void> {
  if (!name.includes(part) && !place.includes(part)) return;
  await page.goto(server.url + place);
  await page.locator("body:not([data-link])").getByRole("heading").first().waitFor({ state: "attached" });
  if (place.startsWith("/files?open=") && !place.includes(unknownName))
    await page.frameLocator("iframe").locator("main").waitFor();
  // A page with a long poll is never idle.
  await page.evaluate(() => document.fonts.ready.then(() => new Promise(requestAnimationFrame)));
  await page.evaluate(untilStill, { stillMs: 400, latestMs: 4000 });
  await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
}

/** Waits until the DOM is still, because previews load after the page. Runs in the page. */
function untilStill({ stillMs, latestMs }: { readonly stillMs: number; readonly latestMs: number }): Promise<void> {
  return new Promise((done) => {
    let timer = setTimeout(done, stillMs);
    setTimeout(done, latestMs);
    new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(done, stillMs);
    }).observe(document.body, { childList: true, subtree: true, attributes: true });
  });
}

function nameOf(place: string): string {
  return place
    .slice(1)
    .replaceAll(/[^\w-]+/g, "-")
    .slice(0, 60);
}
