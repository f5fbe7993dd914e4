import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { toListenError } from "./free-address.ts";
import { selfSignedFingerprint } from "../edge/exchange/self-signed.ts";
import { readTls } from "./tls.ts";
import type { Peer } from "../edge/exchange/peer.ts";
import { startTestServer } from "../edge/testing.ts";

const openssl = "openssl";

function makeCertificate(folder: string, name: string): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const subject = ["-subj", `/CN=${name}`, "-days", "2"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync(openssl, ["req", "-x509", ...key, ...subject, "-keyout", keyFile, "-out", certFile], {
    stdio: "ignore",
  });
  return { certFile, keyFile };
}

async function certificateName(url: string): Promise<{ name: string; hsts: string | undefined }> {
  const request = get(`${url}/healthz`, { rejectUnauthorized: false, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  const { subject } = (
    response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
  ).getPeerCertificate();
  return { name: subject.CN, hsts: response.headers["strict-transport-security"] };
}

async function statusFor(url: string, host: string): Promise<number | undefined> {
  const request = get(`${url}/healthz`, { rejectUnauthorized: false, agent: false, headers: { host } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("a server with a certificate uses TLS, announces HSTS, and loads a renewed one while running", async (t) => {
  if (!requireComponent(t, openssl)) return;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const first = makeCertificate(folder, "first.example");
  const second = makeCertificate(folder, "second.example");
  let selfSigned: string | undefined;
  const live = ({ peer }: { peer: Peer }) => {
    selfSigned = peer.selfSigned;
    return { status: 200 as const, json: { status: "ok" as const } };
  };
  const server = await startTestServer({ live }, { tls: readTls(first), ownNames: [] });
  t.after(() => server.close(0));
  assert.match(server.url, /^https:/);
  assert.deepEqual(await certificateName(server.url), { name: "first.example", hsts: "max-age=31536000" });
  assert.equal(selfSigned, selfSignedFingerprint(readTls(first).cert));
  server.renewTls(readTls(second));
  assert.equal((await certificateName(server.url)).name, "second.example");
  assert.equal(selfSigned, selfSignedFingerprint(readTls(second).cert));
  assert.deepEqual(
    [await statusFor(server.url, "second.example"), await statusFor(server.url, "first.example")],
    [200, 400],
  );

  const shown = execFileSync(openssl, ["x509", "-in", first.certFile, "-noout", "-fingerprint", "-sha256"], {
    encoding: "utf8",
  });
  const fingerprint = selfSignedFingerprint(readTls(first).cert);
  assert.equal(fingerprint, shown.trim().split("=")[1]?.replaceAll(":", "").toLowerCase());

  assert.throws(() => readTls({ certFile: first.certFile, keyFile: second.keyFile }), /not a certificate and its key/);
  const swapped = { certFile: first.keyFile, keyFile: first.certFile };
  assert.throws(() => readTls(swapped), /first\.example\.key contains a key, .* a certificate: swap them/);
  assert.throws(
    () => readTls({ certFile: join(folder, "none"), keyFile: first.keyFile }),
    /^HoldfastError: --tls-cert: .*none does not exist\.$/,
  );
});

test("an error for a privileged port includes advice, and mentions a router only for public addresses", () => {
  const denied = Object.assign(new Error("no"), { code: "EACCES" });
  const [own, open] = ["127.0.0.1", "0.0.0.0"].map((host) => toListenError(denied, host, 80).message);
  for (const message of [own, open]) assert.match(message ?? "", /ip_unprivileged_port_start=80\.$/);
  assert.match(own ?? "", /Choose another port with --listen, such as 127\.0\.0\.1:8420/);
  assert.doesNotMatch(own ?? "", /router/);
  assert.match(open ?? "", /router forward port 80/);
});
