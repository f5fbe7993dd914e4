import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { requireComponent } from "@holdfast/tools/components";
import { checkCertificate, type GivenCertificate } from "./judge-certificate.ts";

const hourMs = 3600_000;
const forServers = "extendedKeyUsage=serverAuth";

function openAuthority(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-certificates-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const root = (name: string) =>
    openssl("req", "-x509", ...key, "-subj", "/CN=root", "-keyout", at(`${name}.key`), "-out", at(`${name}.crt`));
  root("root");
  root("other");
  return (names: string, extensions = forServers, by = "root"): GivenCertificate => {
    openssl("req", ...key, "-subj", "/CN=drive.example.org", "-keyout", at("own.key"), "-out", at("own.csr"));
    writeFileSync(at("extensions"), `subjectAltName=${names}\n${extensions}\n`);
    const signed = ["-CA", at("root.crt"), "-CAkey", at("root.key"), "-CAcreateserial", "-days", "2"];
    openssl("x509", "-req", "-in", at("own.csr"), ...signed, "-extfile", at("extensions"), "-out", at("own.crt"));
    const chain = [at("own.crt"), at(`${by}.crt`)].map((file) => readFileSync(file, "utf8")).join("");
    return { chain, key: readFileSync(at("own.key"), "utf8") };
  };
}

test("a certificate is used only with matching key, names, purpose, time and chain", (t) => {
  if (!requireComponent(t, "openssl")) return;
  const give = openAuthority(t);
  const nowMs = Date.now();
  const domains = ["drive.example.org", "www.example.org"];
  const good = give("DNS:drive.example.org,DNS:www.example.org");
  const { fromMs, untilMs } = checkCertificate(good, domains, nowMs);
  assert.equal(untilMs - fromMs, 48 * hourMs);

  const another = give("DNS:drive.example.org,DNS:www.example.org");
  const refused: [RegExp, GivenCertificate, number?][] = [
    [/is for a different key/, { ...good, key: another.key }],
    [/is for a different key/, { ...good, key: "" }],
    [/does not include www\.example\.org/, give("DNS:drive.example.org")],
    [/does not include drive\.example\.org/, give("DNS:*.example.org")],
    [/does not include drive\.example\.org/, give("DNS:drive.example.org.evil.net,DNS:www.example.org")],
    [/not a server certificate/, give("DNS:drive.example.org,DNS:www.example.org", "extendedKeyUsage=clientAuth")],
    [/not a server certificate/, give("DNS:drive.example.org,DNS:www.example.org", "keyUsage=digitalSignature")],
    [
      /not a server certificate/,
      give("DNS:drive.example.org,DNS:www.example.org", `basicConstraints=CA:true\n${forServers}`),
    ],
    [/expired on/, good, nowMs + 49 * hourMs],
    [/valid only from .* clock of this machine/, good, nowMs - hourMs],
    [/broken chain/, give("DNS:drive.example.org,DNS:www.example.org", forServers, "other")],
    [/not in PEM format/, { ...good, chain: "" }],
    [/not in PEM format/, { ...good, chain: "<html>Service unavailable</html>" }],
    [/not in PEM format/, { ...good, chain: good.chain.repeat(6) }],
    [/not in PEM format/, { ...good, chain: good.chain + "\n".repeat(200_000) }],
    [/contains more than certificates/, { ...good, chain: `${good.chain}\n${good.key}` }],
    [/cannot be read/, { ...good, chain: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }],
  ];
  for (const [why, given, atMs = nowMs] of refused) {
    const isRefused = (error: unknown) => error instanceof HoldfastError && why.test(error.message);
    assert.throws(() => checkCertificate(given, domains, atMs), isRefused, String(why));
  }
  // Clocks may differ by minutes.
  checkCertificate(good, domains, fromMs - 5 * 60_000);
});
