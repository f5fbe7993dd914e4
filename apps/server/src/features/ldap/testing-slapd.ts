import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { Client } from "ldapts";
import { eventually } from "../../acceptance/testing.ts";

export const base = "dc=example,dc=com";
export const serviceDn = `cn=drive,${base}`;
export const servicePassword = "the drive looks people up";
const root = { dn: `cn=root,${base}`, password: "root of the directory" };

export interface Slapd {
  readonly url: string;
  readonly secureUrl: string;
  /** Its certificate in PEM. */
  readonly caFile: string;
  person(uid: string, more?: Readonly<Record<string, string | string[]>>): Promise<void>;
  group(name: string, members: readonly string[]): Promise<void>;
  as<Result>(act: (client: Client) => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export function dnOf(uid: string): string {
  return `uid=${uid},ou=people,${base}`;
}

export function passwordOf(uid: string): string {
  return `the password of ${uid}`;
}

export async function startSlapd(folder: string): Promise<Slapd> {
  mkdirSync(join(folder, "db"), { recursive: true });
  const [port, securePort] = [await reservePort(), await reservePort()];
  const [certFile, keyFile] = [join(folder, "ldap.crt"), join(folder, "ldap.key")];
  const named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...key, ...named, "-keyout", keyFile, "-out", certFile], {
    stdio: "ignore",
  });
  const config = join(folder, "slapd.conf");
  writeFileSync(config, configOf(folder, certFile, keyFile));
  const url = `ldap://localhost:${port}`;
  let stop: () => Promise<void> = async () => {};
  const as = async <Result>(act: (client: Client) => Promise<Result>): Promise<Result> => {
    const client = new Client({ url, timeout: 10_000 });
    try {
      await client.bind(root.dn, root.password);
      return await act(client);
    } finally {
      await client.unbind();
    }
  };
  const start = async () => {
    const listened = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${securePort}/`;
    const child = spawn(findProgram("slapd") ?? "slapd", ["-h", listened, "-f", config, "-d", "0"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const endWithTest = () => void child.kill("SIGKILL");
    process.once("exit", endWithTest);
    const exited = once(child, "exit");
    stop = async () => {
      child.kill("SIGTERM");
      await exited;
      process.off("exit", endWithTest);
    };
    await eventually("slapd answers", 30_000, () => as(async () => true).catch(() => undefined));
  };
  await start();
  await as(fill);
  return {
    url,
    secureUrl: `ldaps://localhost:${securePort}`,
    caFile: certFile,
    as,
    start,
    stop: () => stop(),
    person: (uid, more) =>
      as((client) =>
        client.add(dnOf(uid), {
          objectClass: "inetOrgPerson",
          uid,
          cn: uid,
          sn: uid,
          mail: `${uid}@example.com`,
          userPassword: passwordOf(uid),
          ...more,
        }),
      ),
    group: (name, members) =>
      as((client) =>
        client.add(`cn=${name},ou=groups,${base}`, {
          objectClass: "groupOfNames",
          cn: name,
          member: [root.dn, ...members.map(dnOf)],
        }),
      ),
  };
}

async function fill(client: Client): Promise<void> {
  await client.add(base, { objectClass: ["dcObject", "organization"], dc: "example", o: "Example" });
  for (const ou of ["people", "groups"])
    await client.add(`ou=${ou},${base}`, { objectClass: "organizationalUnit", ou });
  await client.add(serviceDn, {
    objectClass: ["organizationalRole", "simpleSecurityObject"],
    cn: "drive",
    userPassword: servicePassword,
  });
}

/** Allows anonymous binds without a password, like real servers. */
function configOf(folder: string, certFile: string, keyFile: string): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
allow bind_anon_cred bind_anon_dn
TLSCertificateFile ${certFile}
TLSCertificateKeyFile ${keyFile}
database mdb
suffix "${base}"
rootdn "${root.dn}"
rootpw "${root.password}"
directory ${join(folder, "db")}
maxsize 67108864
dbnosync
overlay ppolicy
index objectClass,entryUUID,uid,mail eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${serviceDn}" read by * none
`;
}
