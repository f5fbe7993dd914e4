import { formatBytes } from "@holdfast/core/format-bytes";
import type { ReportReason } from "@holdfast/protocol/report-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { escapeHtml } from "../../features/mail/mail-text.ts";
import { shownFileName, shownName } from "../../features/mail/shown-text.ts";
import { linkPagePolicy, reportingHeaders } from "../pages/page-policy.ts";
import { brandedBody, brandedHead, type Page, pageStyle, styleHash } from "../pages/page-template.ts";

export interface ShownLink {
  readonly ownerName: string;
  readonly node: NodeJson;
  /** undefined if the link only allows uploads */
  readonly items?: readonly NodeJson[] | undefined;
  readonly isTop: boolean;
  readonly mayAdd: boolean;
  /** Images are displayed inline, unless each view counts as a download. */
  readonly hasPreviews: boolean;
  readonly notice?: string | undefined;
  readonly addressOf: AddressOf;
  readonly next?: string | undefined;
}

/** Signed if the link has a password. */
export interface AddressOf {
  readonly page: (fields?: Readonly<Record<string, string>>) => string;
  readonly file: (id: string) => string;
  readonly report: string;
}

/** Common to the pages of a request. */
export interface LinkPageFrame {
  readonly serverName: string;
  /** See `readHead`; undefined: no script replaces the page. */
  readonly head?: string | undefined;
}

/** Works without scripts. If the app is built, its script replaces the page. */
export function linkPage(link: ShownLink, frame: LinkPageFrame): Page {
  const { node, ownerName, notice, items } = link;
  const title = node.name === "" ? "Files" : shownFileName(node.name);
  const parts = [
    `<p>${escapeHtml(shownName(ownerName))} shared this with you.</p>`,
    notice === undefined ? "" : `<p role="status">${escapeHtml(notice)}</p>`,
    node.kind === "folder" ? folderOf(link, items) : `<ul>${entry(link, node)}</ul>`,
    link.mayAdd && node.kind === "folder" ? uploadForm(link) : "",
    reportForm(link.addressOf),
  ];
  return page(title, parts.join("\n"), { ...frame, state: "open" });
}

export function passwordPage(addressOf: AddressOf, frame: LinkPageFrame, notice?: string): Page {
  return page(
    "Enter the password",
    `${notice === undefined ? "" : `<p role="alert">${escapeHtml(notice)}</p>`}
<form method="post" action="${escapeHtml(addressOf.page())}">
<label>Link password <input type="password" name="password" required autofocus autocomplete="off"></label>
<button>Open</button>
</form>
${reportForm(addressOf)}`,
    { ...frame, state: "password" },
  );
}

export function missingPage(frame: LinkPageFrame): Page {
  const text = "<p>The link does not exist or has expired. Ask the person who sent it for a new one.</p>";
  return page("This link does not work", text, { ...frame, state: "missing" });
}

export function reportedPage({ serverName }: LinkPageFrame): Page {
  const text = `<p role="status">The administrators of this server have been notified.</p>`;
  return page("Thank you", text, { serverName });
}

export function refusedPage(message: string, { serverName }: LinkPageFrame): Page {
  return page("Something went wrong", `<p role="alert">${escapeHtml(message)}</p>`, { serverName });
}

function folderOf(link: ShownLink, items: readonly NodeJson[] | undefined): string {
  const { node, addressOf, next, isTop } = link;
  if (items === undefined) return "<p>You can upload files here. You cannot see what others have uploaded.</p>";
  const up = isTop ? "" : `<a href="${escapeHtml(addressOf.page({ in: node.parent_id ?? "root" }))}">Up</a> `;
  const all = `<a href="${escapeHtml(addressOf.file(node.id))}" download>Download all as zip</a>`;
  const list =
    items.length === 0
      ? "<p>This folder is empty.</p>"
      : `<ul>${items.map((item) => entry(link, item)).join("\n")}</ul>`;
  const more =
    next === undefined ? "" : `<p><a href="${escapeHtml(addressOf.page({ in: node.id, cursor: next }))}">More</a></p>`;
  return `<p>${up}${all}</p>\n${list}\n${more}`;
}

/** Types that browsers display without running code. */
const pictures = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;
const pictureBytesMax = 4 * 1024 * 1024;

function entry({ addressOf, hasPreviews }: ShownLink, { id, kind, name, size, mime_type: type }: NodeJson): string {
  const text = escapeHtml(shownFileName(name));
  if (kind === "folder") return `<li><a href="${escapeHtml(addressOf.page({ in: id }))}">${text}/</a></li>`;
  if (kind !== "file") return `<li>${text}</li>`;
  const address = escapeHtml(addressOf.file(id));
  const isShown = hasPreviews && pictures.test(type ?? "") && size <= pictureBytesMax;
  const picture = isShown ? `<img src="${address}" alt="" loading="lazy">` : "";
  return `<li>${picture}<a href="${address}" download>${text}</a> <small>${formatBytes(size)}</small></li>`;
}

function uploadForm({ node, addressOf }: ShownLink): string {
  return `<form method="post" enctype="multipart/form-data" action="${escapeHtml(addressOf.page({ in: node.id }))}">
<label>Choose files <input type="file" name="file" multiple required></label>
<button>Upload</button>
</form>`;
}

const reasons: readonly (readonly [ReportReason, string])[] = [
  ["abuse", "It is harmful or deceptive"],
  ["malware", "It is malware"],
  ["copyright", "It infringes copyright"],
  ["other", "Something else"],
];

export const reportCharactersMax = 2000;

function reportForm({ report }: AddressOf): string {
  const options = reasons.map(([reason, text]) => `<option value="${reason}">${escapeHtml(text)}</option>`).join("");
  return `<details><summary>Report this link</summary>
<form method="post" action="${escapeHtml(report)}">
<label>What is wrong with it? <select name="reason">${options}</select></label>
<label>Anything else the administrators should know? <textarea name="text" rows="4" maxlength="${reportCharactersMax}"></textarea></label>
<button>Report</button>
</form></details>`;
}

const style = `${pageStyle}
.brand, .card { --width: 44rem }
.brand { padding-top: max(1.5rem, 4vh) }
ul { list-style: none; padding: 0 }
li { padding: 0.5rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
img { display: block; max-width: 100%; max-height: 12rem; margin-bottom: 0.25rem }
small { opacity: 0.75 }
form { margin: 1.5rem 0 }
label { display: block; margin-bottom: 1rem }
input, select, textarea { display: block; box-sizing: border-box; max-width: 100%; margin-top: 0.375rem; font: inherit }
input[type="password"], select, textarea { width: 100%; padding: 0.5rem 0.75rem; border: 1px solid light-dark(#7f8885, #77827f); border-radius: 6px; background: light-dark(#ffffff, #191e1d); color: inherit }
summary { cursor: pointer }
`;

/** Hides the page until the script replaces it. If no script loads, the page appears after 2 s. */
const lateStyle = `${style}@media (scripting: enabled) { body { animation: late 0s 2s both } }
@keyframes late { from { visibility: hidden } }
`;

const policy = [
  "default-src 'none'",
  `style-src '${styleHash(style)}'`,
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const policyWithScript = linkPagePolicy(styleHash(lateStyle));

interface Framed extends LinkPageFrame {
  /** The script need not ask the server for the state. */
  readonly state?: "open" | "password" | "missing";
}

function page(title: string, content: string, { serverName, state, head }: Framed): Page {
  return {
    bytes: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
${brandedHead(serverName, title)}<style>${head === undefined ? style : lateStyle}</style>${head ?? ""}</head>
${brandedBody(serverName, title, content, head === undefined ? "" : ` data-link="${state ?? "open"}"`)}
</html>
`,
    headers: {
      "content-type": "text/html; charset=utf-8",
      ...(head === undefined
        ? { "content-security-policy": policy }
        : { "content-security-policy": policyWithScript, ...reportingHeaders }),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex, nofollow",
    },
  };
}
