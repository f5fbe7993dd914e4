import { fixedToken } from "@holdfast/api-client/access-tokens";
import type { Connection } from "../config/connection.ts";

/** Of the page that a link opens: `https://drive.example/s/hfl_…`. */
export interface LinkAddress {
  readonly server: string;
  readonly token: string;
}

/** Undefined for whatever is no link's address, such as a path on the server. */
export function readLinkAddress(text: string): LinkAddress | undefined {
  if (!/^https?:\/\//i.test(text)) return undefined;
  const url = URL.parse(text);
  const token = /^\/s\/(hfl_[\w-]{1,200})\/?$/.exec(url?.pathname ?? "")?.[1];
  return url === null || token === undefined ? undefined : { server: url.origin, token };
}

/**
 * A connection for which the link's node is the root; nobody needs to be signed in.
 * @param password undefined for a link that has none
 * @throws HoldfastError unauthenticated, also for a wrong password; usage for an address that would be reached in the clear
 */
export async function connectByLink(
  environment: Readonly<Record<string, string | undefined>>,
  { server, token }: LinkAddress,
  password: string | undefined,
): Promise<Connection> {
  const { assertPrivate, openClient, thisConfigFolder } = await import("../config/connection.ts");
  if (environment["HOLDFAST_INSECURE"] !== "1") assertPrivate(server, ofLink);
  const tokens = fixedToken(password === undefined ? token : await openByPassword());
  return { server, client: openClient(server, tokens), tokens, configFolder: thisConfigFolder(environment) };

  async function openByPassword(): Promise<string> {
    const client = openClient(server);
    try {
      return (await client.call("startLinkSession", { body: { token, password: password ?? "" } })).access_token;
    } finally {
      await client.close();
    }
  }
}

const ofLink = { named: "The link's server", carried: "the link", anyway: "set HOLDFAST_INSECURE=1" };
