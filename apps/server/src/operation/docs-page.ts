import { createHash } from "node:crypto";
import { errorTable } from "@holdfast/core/errors";
import type { OpenApi, OpenApiOperation } from "./openapi.ts";

export interface Page {
  readonly html: string;
  /** Allows the page's own style and nothing else. */
  readonly contentSecurityPolicy: string;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 6px }
details { border-top: 1px solid #8884; padding: 0.4rem 0 }
summary { cursor: pointer }
summary b { display: inline-block; min-width: 4.5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; vertical-align: top; border-bottom: 1px solid #8884 }
`;

/** The API as a page for people: static, without a script and without anything from elsewhere. */
export function renderDocs(api: OpenApi): Page {
  const hash = createHash("sha256").update(style).digest("base64");
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Holdfast API ${escape(api.info.version)}</title><style>${style}</style></head><body>
<h1>Holdfast API</h1>
<p>${escape(api.info.description)} For machines: <a href="/api/openapi.json">openapi.json</a>.</p>
<h2>Calls</h2>
${Object.entries(api.paths)
  .flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => renderOperation(method.toUpperCase(), path, operation)),
  )
  .join("\n")}
<h2>Errors</h2>
<p>Every error is <code>application/problem+json</code> with <code>code</code>, <code>retryable</code> and <code>request_id</code>, and for
input with <code>field</code>.</p>
<table><thead><tr><th>code</th><th>status</th><th>worth trying again</th></tr></thead><tbody>
${Object.entries(errorTable)
  .map(
    ([code, { status, retryable }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${retryable ? "yes" : "no"}</td></tr>`,
  )
  .join("\n")}
</tbody></table>
<h2>Shapes</h2>
${Object.entries(api.components.schemas)
  .map(([name, schema]) => `<h3 id="shape-${name}">${name}</h3>${renderJson(schema)}`)
  .join("\n")}
</body></html>`;
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  };
}

function renderOperation(method: string, path: string, operation: OpenApiOperation): string {
  const parameters = (operation.parameters ?? [])
    .map(
      ({ name, in: place, required, schema }) =>
        `<tr><td><code>${escape(name)}</code></td><td>${place}${required ? ", needed" : ""}</td><td><code>${escape(JSON.stringify(schema))}</code></td></tr>`,
    )
    .join("");
  const bodies = Object.entries(operation.requestBody?.content ?? {})
    .map(([type, { schema }]) => `<p>Body <code>${escape(type)}</code></p>${renderJson(schema)}`)
    .join("");
  const answers = Object.entries(operation.responses)
    .map(
      ([status, answer]) => `<p>Answer ${escape(status)}</p>${renderJson(answer["content"] ?? answer["description"])}`,
    )
    .join("");
  return `<details id="${escape(operation.operationId)}"><summary><b>${method}</b> <code>${escape(path)}</code> ${escape(operation.summary)}</summary>
<p>Scope: <code>${escape(String(operation["x-scope"]))}</code></p>
${parameters === "" ? "" : `<table><tbody>${parameters}</tbody></table>`}${bodies}${answers}</details>`;
}

function renderJson(value: unknown): string {
  return `<pre>${escape(JSON.stringify(value, undefined, 2))}</pre>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
