import { findProgram } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { startTestProvider, testClient, type TestProvider } from "../../features/issuer/testing-provider.ts";
import { base, serviceDn, servicePassword, type Slapd, startSlapd } from "../../features/ldap/testing-slapd.ts";
import { type MailingServer, startMailingServer } from "../mailing-server.ts";
import { makeFolder, ok, queryDatabase, removeFolder } from "../testing.ts";

/** Allowed and forbidden origins of a bound account. */
export const home = "192.0.2.7";
export const away = "198.51.100.7";

const redirectUri = "https://program.example/back";

export interface Program {
  readonly id: string;
  readonly secret: string | null;
}

/** Server with all kinds of sign-in. OpenID provider, LDAP server and SMTP server are separate processes. */
export interface House extends Omit<MailingServer, "stop"> {
  /** Address for people and programs. */
  readonly origin: string;
  readonly issuer: TestProvider;
  /** Undefined if not installed. */
  readonly slapd: Slapd | undefined;
  readonly program: Program;
  readonly deviceProgram: Program;
  readonly redirectUri: string;
  readonly query: (statement: string) => ReturnType<typeof queryDatabase>;
  stop(): Promise<void>;
}

export async function openHouse(name: string): Promise<House> {
  await using made = new AsyncDisposableStack();
  const port = await reservePort();
  const origin = `http://localhost:${port}`;
  const issuer = await startTestProvider();
  made.defer(() => issuer.stop());
  const folder = makeFolder(`${name}-slapd`);
  made.defer(() => removeFolder(folder));
  const slapd = findProgram("slapd") === undefined ? undefined : await startSlapd(folder);
  if (slapd !== undefined) made.defer(() => slapd.stop());
  const mailing = await startMailingServer(name, { port, env: environment(origin, issuer, slapd) });
  made.defer(() => mailing.stop());
  const add = (more: object): Promise<Program> =>
    ok(mailing.admin, "POST", "/admin/oauth-clients", { name: "Reader", scopes: ["files:read"], ...more });
  const program = await add({ redirect_uris: [redirectUri] });
  const deviceProgram = await add({ public: true, redirect_uris: [] });
  const query = (statement: string) => queryDatabase(`${mailing.folder}/data`, statement);
  const all = made.move();
  const stop = () => all.disposeAsync();
  return { ...mailing, origin, issuer, slapd, program, deviceProgram, redirectUri, query, stop };
}

function environment(origin: string, issuer: TestProvider, slapd: Slapd | undefined): Record<string, string> {
  const oidc = {
    issuer: issuer.issuer,
    ...testClient,
    name: "Example ID",
    link_by_verified_address: [],
    create_accounts: [],
    trust_second_factor: { amr: ["mfa"] },
  };
  const ldap = slapd && {
    url: slapd.url,
    starttls: true,
    ca_file: slapd.caFile,
    bind_dn: serviceDn,
    bind_password: servicePassword,
    name: "Example LDAP",
    base,
    create_accounts: ["example.com"],
    sync_period: "off",
  };
  return {
    HOLDFAST_PUBLIC_URL: origin,
    HOLDFAST_RATE_LIMIT_SIGN_IN: "0",
    HOLDFAST_BEHIND_PROXY: "1",
    HOLDFAST_OIDC: JSON.stringify(oidc),
    ...(ldap === undefined ? {} : { HOLDFAST_LDAP: JSON.stringify(ldap) }),
  };
}
