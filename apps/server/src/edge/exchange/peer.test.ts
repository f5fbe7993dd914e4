import assert from "node:assert/strict";
import { test } from "node:test";
import { type PeerRules, readPeer } from "./peer.ts";

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly serverName?: string | false;
  readonly rules?: Partial<PeerRules>;
}

const fingerprintFor = (
  host: string,
  { headers = {}, from = "192.0.2.7", serverName = false, rules = {} }: Asked = {},
) =>
  readPeer(
    { headers: { host, ...headers }, socketAddress: from, localAuthority: "192.168.1.20:8420", serverName },
    { proxyHops: 0, tls: true, selfSigned: "3f6c", ...rules },
  ).selfSigned;

test("the certificate's fingerprint is returned on direct connections", () => {
  assert.equal(fingerprintFor("192.168.1.20:8420"), "3f6c");
  assert.equal(fingerprintFor("127.0.0.1:8420", { from: "::ffff:127.0.0.1" }), "3f6c");
  assert.equal(fingerprintFor("[::1]:8420", { from: "::1" }), "3f6c");
  assert.equal(fingerprintFor("localhost:8420", { from: "127.0.0.1", serverName: "localhost" }), "3f6c");
  assert.equal(fingerprintFor("NAS.local:8420", { serverName: "nas.local" }), "3f6c");
  const publicUrl = "https://nas.local:8420";
  assert.equal(fingerprintFor("nas.local:8420", { serverName: "nas.local", rules: { publicUrl } }), "3f6c");
});

test("the fingerprint is not returned behind a proxy, configured or not", () => {
  assert.equal(fingerprintFor("192.168.1.20:8420", { rules: { proxyHops: 1 } }), undefined);
  for (const name of ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"])
    assert.equal(fingerprintFor("192.168.1.20:8420", { headers: { [name]: "drive.example" } }), undefined, name);
  // The proxy forwards the host, and sends no server name or the name of its upstream.
  assert.equal(fingerprintFor("drive.example"), undefined);
  assert.equal(fingerprintFor("drive.example", { serverName: "nas.local" }), undefined);
  assert.equal(fingerprintFor("192.168.1.30", { from: "127.0.0.1" }), undefined);
  assert.equal(fingerprintFor("nas.local:99999", { serverName: "nas.local" }), undefined);
  const publicUrl = "https://drive.example";
  assert.equal(fingerprintFor("192.168.1.20:8420", { rules: { publicUrl } }), undefined);
});
