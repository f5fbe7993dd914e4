import { shellWord } from "@holdfast/core/shell-word";

interface ServerAccount {
  readonly public_url?: string | undefined;
  readonly email: string;
  readonly certificate_sha256?: string | undefined;
}

/**
 * Commands for the folder where Holdfast is installed. `--no-install` prevents npx from fetching an unrelated package
 * of that name. Other machines trust a self-signed certificate only by its fingerprint.
 */
export function clientCommands(account: ServerAccount, origin: string): string {
  const holdfast = "npx --no-install holdfast";
  const { public_url: server = origin, certificate_sha256: fingerprint } = account;
  const trust = fingerprint === undefined ? "" : ` --fingerprint SHA256:${fingerprint}`;
  return [`${holdfast} login ${server}${trust} --email ${shellWord(account.email)}`, `${holdfast} sync ~/Drive`].join(
    "\n",
  );
}
