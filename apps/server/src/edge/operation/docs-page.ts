import type { IncomingHttpHeaders } from "node:http";
import { brotliCompressSync, constants } from "node:zlib";
import { errorMeanings } from "@holdfast/core/error-meanings";
import { type ErrorCode, errorTable } from "@holdfast/core/errors";
import { escapeHtml } from "../../features/mail/mail-text.ts";
import type { OpenApi, OpenApiOperation } from "../../base/operation/openapi.ts";
import { acceptsEncoding } from "../exchange/accepted-encoding.ts";
import { docsPolicy, reportingHeaders } from "../pages/page-policy.ts";
import { pageStyle, styleHash } from "../pages/page-template.ts";

const style = `${pageStyle}
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h2 { margin-top: 2.5rem; font-size: 1.25rem; scroll-margin-top: 1rem }
h3 { margin: 1.5rem 0 0.25rem; font-size: 1rem }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace }
details { border-top: 1px solid light-dark(#e2e6e4, #2c3331); padding: 0.4rem 0 }
summary { cursor: pointer }
summary b { display: inline-block; min-width: 4.5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: start; padding: 0.4rem 0.75rem 0.4rem 0; vertical-align: top; border-bottom: 1px solid light-dark(#e2e6e4, #2c3331) }
.errors thead th { overflow-wrap: normal }
.errors tr { scroll-margin-top: 1rem }
.errors tr:target { background: light-dark(#d6eee8, #123f37) }
`;

const plainPolicy = `default-src 'none'; style-src '${styleHash(style)}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/**
 * Works without scripts or external content. If the app is built, its viewer replaces the list of calls.
 * @returns the handler, which receives the viewer's tags from `readHead`, or undefined
 */
export function docsPages(api: () => OpenApi) {
  const written = new Map<string, { readonly html: string; readonly br: Uint8Array }>();
  const pageWith = (head: string) => {
    const known = written.get(head);
    if (known !== undefined) return known;
    const html = renderDocs(api(), head);
    const page = { html, br: brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) };
    written.set(head, page);
    return page;
  };
  return ({ "accept-encoding": accepted }: IncomingHttpHeaders, head: string | undefined) => {
    const { html, br } = pageWith(head ?? "");
    const isPacked = acceptsEncoding(accepted, "br");
    const policy = head === undefined ? plainPolicy : docsPolicy(styleHash(style));
    return {
      status: 200 as const,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        ...(head === undefined ? {} : reportingHeaders),
        // The page names the viewer's files, which change with updates.
        "cache-control": "no-cache",
        "content-encoding": isPacked ? "br" : undefined,
        vary: "accept-encoding",
      },
      bytes: isPacked ? br : html,
    };
  };
}

function renderDocs(api: OpenApi, head: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API ${escapeHtml(api.info.version)}</title><style>${style}</style>${head}</head><body>
<header><h1>Holdfast API</h1>
<p>${inline(api.info.description)}</p>
<p>A request needs a token. Create one with <code>npx holdfast token create NAME --scopes files:read</code> or in the app's settings. This page does not store the tokens that you enter.</p>
<p><a href="#errors">Errors</a> · <a href="/api/openapi.json">openapi.json</a> · <a href="/">Open the drive</a></p>
<h2>Requests</h2></header>
<main id="calls">${renderCalls(api)}</main>
${renderErrors()}
<section class="shapes" aria-labelledby="shapes"><h2 id="shapes">Shapes</h2>
${Object.entries(api.components.schemas)
  .map(([name, schema]) => `<details id="shape-${name}"><summary>${name}</summary>${renderJson(schema)}</details>`)
  .join("\n")}
</section></body></html>
`;
}

function renderCalls(api: OpenApi): string {
  const calls = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return api.tags
    .map(({ name, description }) => {
      const own = calls.filter(({ operation }) => operation.tags[0] === name);
      const list = own.map(({ method, path, operation }) => renderOperation(method, path, operation)).join("\n");
      return `<section><h3>${escapeHtml(name)}</h3><p>${inline(description)}</p>${list}</section>`;
    })
    .join("\n");
}

function renderErrors(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, retryable }]) =>
      `<tr id="${code}"><th scope="row"><code>${code}</code></th><td>${status}</td><td>${meaningOf(code as ErrorCode)}${retryable ? " The same request may succeed later." : ""}</td></tr>`,
  );
  return `<section class="errors" aria-labelledby="errors"><h2 id="errors">Errors</h2>
<p>Every error is <code>application/problem+json</code> with <code>code</code>, <code>retryable</code> and <code>request_id</code>, and for
input with <code>field</code>.</p>
<table><thead><tr><th scope="col">code</th><th scope="col">status</th><th scope="col">meaning</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table></section>`;
}

function meaningOf(code: ErrorCode): string {
  const { means, todo } = errorMeanings[code];
  return inline(`${sentence(means)} ${sentence(todo)}`);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function renderOperation(method: string, path: string, operation: OpenApiOperation): string {
  const parameters = (operation.parameters ?? [])
    .map(
      ({ name, in: place, required, description }) =>
        `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}${required ? ", required" : ""}</td><td>${inline(description)}</td></tr>`,
    )
    .join("");
  const bodies = Object.entries(operation.requestBody?.content ?? {})
    .map(([type, { schema }]) => `<p>Body <code>${escapeHtml(type)}</code></p>${renderJson(schema)}`)
    .join("");
  const answers = Object.entries(operation.responses)
    .filter(([status]) => /^[123]/.test(status))
    .map(([status, answer]) => `<p>Response ${status}</p>${renderJson(answer["content"] ?? answer["description"])}`)
    .join("");
  return `<details id="${escapeHtml(operation.operationId)}"><summary><b>${method}</b> <code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</summary>
<p>Scope: <code>${escapeHtml(String(operation["x-scope"]))}</code></p>
${parameters === "" ? "" : `<table><tbody>${parameters}</tbody></table>`}${bodies}${answers}</details>`;
}

function renderJson(value: unknown): string {
  return `<pre tabindex="0">${escapeHtml(JSON.stringify(value, undefined, 2))}</pre>`;
}

function inline(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
