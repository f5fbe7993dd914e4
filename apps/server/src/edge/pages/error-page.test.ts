import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { errorTable, HoldfastError } from "@holdfast/core/errors";
import { languages } from "@holdfast/protocol/account-settings";
import { acceptedLanguage } from "../exchange/accepted-language.ts";
import { asUser, startTestServer } from "../testing.ts";
import { errorPage } from "./error-page.ts";

const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

/** Requests a URL like a browser. `fetch` would identify itself as a script. */
async function browse(url: string, headers: Readonly<Record<string, string>> = {}, method = "GET") {
  const asked = request(url, {
    method,
    headers: { ...browser, "sec-fetch-mode": "navigate", ...headers },
    agent: false,
  });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return {
    status: answer.statusCode,
    headers: new Headers(answer.headers as Record<string, string>),
    html: await text(answer),
  };
}

test("a browser at an unknown address gets an error page in its language that does not repeat the address", async (t) => {
  const server = await startTestServer({});
  t.after(() => server.close(0));
  for (const address of ["/nowhere", "/nowhere/%3Cscript%3Ealert(1)%3C/script%3E?q=<b>bold</b>", "/api/nowhere"]) {
    const { html, ...answer } = await browse(`${server.url}${address}`);
    assert.equal(answer.status, 404, address);
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(html, /<h1>Page not found<\/h1>/);
    assert.match(html, /<a class="action" href="\/">Open the drive<\/a>/);
    assert.doesNotMatch(html, /nowhere|alert|bold|<script/);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.match(
      answer.headers.get("content-security-policy") ?? "",
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'$/,
    );
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  }
  const german = await browse(`${server.url}/nirgends`, { "accept-language": "de-CH, en;q=0.5" });
  assert.match(german.html, /<html lang="de">[^]*<h1>Seite nicht gefunden<\/h1>[^]*Laufwerk öffnen/);
  const head = await browse(`${server.url}/nowhere`, {}, "HEAD");
  assert.deepEqual([head.status, head.html], [404, ""]);
});

test("a program gets a JSON problem: with a token, from a script, or without accepting HTML", async (t) => {
  const server = await startTestServer({});
  t.after(() => server.close(0));
  const programs = [
    {},
    { accept: "*/*" },
    { accept: "application/json, text/html" },
    // Header of Java's HTTP client.
    { accept: "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2" },
    { ...browser, ...asUser },
    { ...browser, "sec-fetch-mode": "cors" },
  ];
  for (const headers of programs) {
    const answer = await fetch(`${server.url}/api/v1/nowhere`, { headers });
    assert.equal(answer.headers.get("content-type"), "application/problem+json", JSON.stringify(headers));
    assert.equal(((await answer.json()) as { code: string }).code, "not_found");
  }
});

test("a server error in a browser is a page with its headers, without internal details", async (t) => {
  let thrown: Error = new Error("secret of the disk");
  const server = await startTestServer({
    live: () => {
      throw thrown;
    },
  });
  t.after(() => server.close(0));
  const { html, ...failed } = await browse(`${server.url}/healthz`);
  assert.equal(failed.status, 500);
  assert.match(html, /Server error/);
  assert.ok(html.includes(failed.headers.get("x-request-id") ?? "no id"));
  assert.doesNotMatch(html, /secret of the disk/);
  thrown = new HoldfastError("unavailable", "It is starting.", { retryAfterSeconds: 7 });
  const busy = await browse(`${server.url}/healthz`);
  assert.deepEqual([busy.status, busy.headers.get("retry-after")], [503, "7"]);
  assert.match(busy.html, /Not available right now/);
  const wrong = await browse(`${server.url}/healthz`, {}, "POST");
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD"]);
});

test("every error code has a page in each language, with escaped text", () => {
  for (const [code, { status, retryable }] of Object.entries(errorTable)) {
    const titles = languages.map((language) => {
      const problem = { type: "", title: "", detail: "", status, retryable, code, request_id: `"><b>` };
      const { bytes } = errorPage(problem, language, "Müller & <Söhne>");
      assert.ok(bytes.includes("– Müller &amp; &lt;Söhne&gt;</title>"));
      assert.ok(bytes.includes(`<html lang="${language}">`));
      assert.ok(bytes.includes(code));
      assert.ok(!bytes.includes("<b>"));
      return /<h1>(.+)<\/h1>/.exec(bytes)?.[1];
    });
    assert.equal(new Set(titles).size, languages.length, code);
  }
});

test("the best available accepted language is chosen", () => {
  const wishes = [
    [undefined, "en"],
    ["", "en"],
    ["fr, it;q=0.9", "en"],
    ["de", "de"],
    ["DE-at", "de"],
    ["en;q=0.3, de;q=0.8", "de"],
    ["de;q=0, en", "en"],
    ["fr, de;q=0.2, en;q=0.1", "de"],
    [`${"x,".repeat(10_000)}de`, "en"],
    ["de;q=oops", "de"],
  ] as const satisfies readonly (readonly [string | undefined, string])[];
  for (const [header, language] of wishes)
    assert.equal(acceptedLanguage(header), language, String(header).slice(0, 100));
});
