import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get, type RequestOptions } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { reservePort } from "@holdfast/tools/reserved-port";
import { eventually } from "./testing.ts";

/** DNS server of the tests, pebble-challtestsrv. It resolves every name to this machine by default. */
export interface Names {
  readonly dns: string;
  point(name: string, addresses: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startNames(): Promise<Names> {
  const [dns, management] = [`127.0.0.1:${await reservePort()}`, `127.0.0.1:${await reservePort()}`];
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
  const child = spawn("pebble-challtestsrv", ["-dns01", dns, "-management", management, ...off], { stdio: "ignore" });
  await eventually("the names are answered", 60_000, () => answers(`http://${management}/`));
  return {
    dns,
    point: async (host, addresses) => {
      const body = JSON.stringify({ host: `${host}.`, addresses });
      await fetch(`http://${management}/add-a`, { method: "POST", body });
    },
    stop: () => ended(child),
  };
}

/** Real authority, pebble, that checks `tlsPort` instead of 443. */
export interface Authority {
  readonly env: Readonly<Record<string, string>>;
  /** Root of its certificates in PEM, new after each start. */
  root(): Promise<string>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface AuthorityOptions {
  readonly folder: string;
  readonly tlsPort: number;
  readonly names: Names;
  readonly validSeconds: number;
}

export async function startAuthority(options: AuthorityOptions): Promise<Authority> {
  const { folder, tlsPort, names, validSeconds } = options;
  mkdirSync(folder);
  const { rootFile, certFile, keyFile } = makeCertificates(folder);
  const [port, management] = [await reservePort(), await reservePort()];
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: certFile,
    privateKey: keyFile,
    httpPort: 1,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    domainBlocklist: ["refused.example.org"],
    certificateValidityPeriod: validSeconds,
  };
  const config = join(folder, "pebble.json");
  writeFileSync(config, JSON.stringify({ pebble }));
  const ask = { host: "localhost", port: management, ca: readFileSync(rootFile), path: "/roots/0" };
  const root = async () => text(await answerOf(ask));
  let child: ChildProcess | undefined;
  const start = async () => {
    // Some answers are late or refuse the first try, as with a real authority.
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "10" };
    child = spawn("pebble", ["-config", config, "-dnsserver", names.dns], { env, stdio: "ignore" });
    await eventually("the authority answers", 60_000, async () => (await root().catch(() => "")) || undefined);
  };
  await start();
  return {
    env: { HOLDFAST_ACME_DIRECTORY: `https://localhost:${port}/dir`, HOLDFAST_ACME_CA: rootFile },
    root,
    start,
    stop: async () => {
      if (child !== undefined) await ended(child);
    },
  };
}

/** Requests over TLS. Fails if the certificate does not match the name and the authority. */
export async function answerOf(options: RequestOptions): Promise<IncomingMessage> {
  const [answer] = (await once(get({ agent: false, timeout: 60_000, ...options }), "response")) as [IncomingMessage];
  return answer;
}

function makeCertificates(folder: string): { rootFile: string; certFile: string; keyFile: string } {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=test", "-keyout", at("root.key"), "-out", at("root.crt"));
  openssl("req", ...key, "-subj", "/CN=localhost", "-keyout", at("own.key"), "-out", at("own.csr"));
  writeFileSync(at("names"), "subjectAltName=DNS:localhost");
  const by = [
    "-CA",
    at("root.crt"),
    "-CAkey",
    at("root.key"),
    "-CAcreateserial",
    "-extfile",
    at("names"),
    "-days",
    "2",
  ];
  openssl("x509", "-req", "-in", at("own.csr"), ...by, "-out", at("own.crt"));
  return { rootFile: at("root.crt"), certFile: at("own.crt"), keyFile: at("own.key") };
}

async function answers(url: string): Promise<true | undefined> {
  try {
    await fetch(url);
    return true;
  } catch {
    return undefined;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
