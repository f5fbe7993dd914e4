import { fixedToken } from "@holdfast/api-client/access-tokens";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { ClientChoices, Connection } from "../config/connection.ts";

/** Address of a link's page, `https://drive.example/s/hfl_…`, with a path below its item. */
export interface LinkAddress {
  readonly server: string;
  readonly token: string;
  readonly address: string;
  /** Not decoded, because a name may contain % or ?. "/" is the item itself. */
  readonly path: string;
}

const addressAndPath = /^([a-z]+:\/\/[^/?#]+\/s\/(hfl_[\w-]{1,200}))(?:(\/.*)|([?#].*))?$/is;

/** undefined for anything else, such as a path on the server */
export function readLinkAddress(text: string): LinkAddress | undefined {
  if (!/^https?:\/\//i.test(text)) return undefined;
  const [, address, token, path = "/", more = ""] = addressAndPath.exec(text) ?? [];
  if (more.includes("/"))
    throw new HoldfastError("usage", `${text}: a path below a link follows the link directly: ${address}/…`);
  const url = address === undefined ? null : URL.parse(address);
  if (url === null || address === undefined || token === undefined) return undefined;
  return { server: url.origin, token, address, path };
}

interface LinkChoices extends Pick<ClientChoices, "onSilence" | "onBusy" | "wrap"> {
  readonly password: string | undefined;
  /** undefined without a terminal */
  readonly askPassword: (() => Promise<string>) | undefined;
  /** False for a command that only uploads. */
  readonly reads: boolean;
}

/**
 * Makes the link's node the root, without a login.
 * @throws HoldfastError unauthenticated, also for a wrong password; forbidden if nothing can be read; usage for an
 * address without TLS
 */
export async function connectByLink(
  environment: Readonly<Record<string, string | undefined>>,
  { server, token }: LinkAddress,
  { password, askPassword, reads, ...choices }: LinkChoices,
): Promise<Connection> {
  const { assertPrivate, openClient, thisConfigFolder } = await import("../config/connection.ts");
  const { SavedLogin } = await import("../config/saved-login.ts");
  if (environment["HOLDFAST_INSECURE"] !== "1") assertPrivate(server, ofLink);
  const configFolder = thisConfigFolder(environment);
  const trust = await new SavedLogin(configFolder).trustOf(server);
  return { server, trust, ...(await open(password)), configFolder, ended: new AbortController().signal };

  async function open(given: string | undefined): Promise<Pick<Connection, "client" | "tokens">> {
    const tokens = fixedToken(given === undefined ? token : await openByPassword(given));
    const client = openClient(server, { tokens, trust, ...choices });
    try {
      await assertOpen(client, reads);
      return { client, tokens };
    } catch (thrown) {
      await client.close();
      const isLocked = thrown instanceof HoldfastError && thrown.field === "password";
      if (!isLocked || given !== undefined || askPassword === undefined) throw thrown;
    }
    return open(await askPassword());
  }

  async function openByPassword(given: string): Promise<string> {
    const opening = openClient(server, { trust });
    try {
      return (await opening.call("startLinkSession", { body: { token, password: given } })).access_token;
    } finally {
      await opening.close();
    }
  }
}

/** Replaces server errors about tokens and paths, which mean nothing to the holder of a link. */
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
        ? "This link has a password. Use --password-stdin to read it from standard input."
        : "This link does not exist or is no longer valid. Ask the person who sent it for a new one.",
      hasPassword ? { field: "password" } : {},
    );
  }
  throw new HoldfastError("forbidden", "This link is for uploads only: nothing can be downloaded with it.");
}

const ofLink = { named: "The link's server", carried: "the link", anyway: "set HOLDFAST_INSECURE=1" };
