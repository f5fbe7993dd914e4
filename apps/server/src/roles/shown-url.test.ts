import assert from "node:assert/strict";
import { test } from "node:test";
import { shownUrl } from "./shown-url.ts";

const machine = { name: "nas", addresses: ["192.168.1.20", "10.0.0.5", "2001:db8::20"] };
const plain = { publicUrl: undefined, acme: undefined };
const shown = (url: string, config: Parameters<typeof shownUrl>[1] = plain, of = machine) =>
  shownUrl(url, config, undefined, of);

test("a specific listen address is shown unchanged", () => {
  for (const url of ["http://127.0.0.1:8420", "https://nas:8420", "http://[::1]:8420"]) {
    assert.equal(shown(url), url);
    assert.equal(shown(url, { ...plain, publicUrl: "https://drive.example.org" }), url);
  }
});

test("a server listening on all addresses shows one that can be opened, or the public one", () => {
  assert.equal(shown("http://0.0.0.0:8420"), "http://192.168.1.20:8420");
  assert.equal(shown("https://[::]:443"), "https://192.168.1.20:443");
  assert.equal(
    shown("http://[::]:8420", plain, { ...machine, addresses: ["2001:db8::20"] }),
    "http://[2001:db8::20]:8420",
  );
  assert.equal(
    shown("http://0.0.0.0:8420", plain, { ...machine, addresses: ["2001:db8::20"] }),
    "http://127.0.0.1:8420",
  );
  const publicUrl = "https://drive.example.org/files";
  assert.equal(shown("http://0.0.0.0:8420", { ...plain, publicUrl }), publicUrl);
});

test("a server with an ACME certificate shows its domain name, on any listen address", () => {
  const acme = {} as NonNullable<Parameters<typeof shownUrl>[1]["acme"]>;
  assert.equal(shown("https://127.0.0.1:8420", { publicUrl: "https://a.example", acme }), "https://a.example");
});
