import { fixedToken } from "@holdfast/api-client/access-tokens";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { ClientChoices, Connection } from "../config/connection.ts";

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

interface LinkChoices extends Pick<ClientChoices, "onSilence" | "onBusy" | "wrap"> {
  /** Undefined for a link that has none. */
  readonly password: string | undefined;
  /** Whether anything is to be read by it. */
  readonly reads: boolean;
}

/**
 * A connection for which the link's node is the root; nobody needs to be signed in.
 * @throws HoldfastError unauthenticated, also for a wrong password; forbidden where nothing can be read; usage for an address that would be reached in the clear
 */
export async function connectByLink(
  environment: Readonly<Record<string, string | undefined>>,
  { server, token }: LinkAddress,
  { password, reads, ...choices }: LinkChoices,
): Promise<Connection> {
  const { assertPrivate, openClient, thisConfigFolder } = await import("../config/connection.ts");
  const { SavedLogin } = await import("../config/saved-login.ts");
  if (environment["HOLDFAST_INSECURE"] !== "1") assertPrivate(server, ofLink);
  const configFolder = thisConfigFolder(environment);
  const trust = await new SavedLogin(configFolder).trustOf(server);
  const tokens = fixedToken(password === undefined ? token : await openByPassword());
  const client = openClient(server, { tokens, trust, ...choices });
  try {
    await assertOpen(client, reads);
  } catch (error) {
    await client.close();
    throw error;
  }
  return { server, trust, client, tokens, configFolder, ended: new AbortController().signal };

  async function openByPassword(): Promise<string> {
    const opening = openClient(server, { trust });
    try {
      return (await opening.call("startLinkSession", { body: { token, password: password ?? "" } })).access_token;
    } finally {
      await opening.close();
    }
  }
}

/** What the server says of tokens and paths means nothing to whoever has only an address. */
async function assertOpen(client: ApiClient, reads: boolean): Promise<void> {
  try {
    const { role } = await client.call("getCurrentLink");
    if (!reads || role !== "uploader") return;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "unauthenticated") throw error;
    const hasPassword = error.field === "password";
    throw new HoldfastError(
      "unauthenticated",
      hasPassword
        ? "This link has a password. Use --password-stdin."
        : "This link does not exist or is no longer valid. Ask the person who sent it for a new one.",
    );
  }
  throw new HoldfastError("forbidden", "This link is for uploads only: nothing can be downloaded with it.");
}

const ofLink = { named: "The link's server", carried: "the link", anyway: "set HOLDFAST_INSECURE=1" };
