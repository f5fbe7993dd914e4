import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/**
 * A server and commands exchange these files in the data folder. Without them, links begin with the URL in the
 * settings.
 */
const names = { address: "server.url", authority: "server.acme" } as const;

/** @param base start of every link; also used after the server has stopped */
export function noteAddress(folder: string, base: string): void {
  write(folder, names.address, base);
}

export function notedAddress(folder: string): string | undefined {
  const text = read(folder, names.address)?.trim();
  return text !== undefined && URL.canParse(text) ? text : undefined;
}

/** @param noted authority and names of the server's certificate; undefined: no authority */
export function noteAuthority(folder: string, noted: NotedAuthority | undefined): void {
  if (noted === undefined) rmSync(join(folder, names.authority), { force: true });
  else write(folder, names.authority, JSON.stringify({ directory: noted.directory, domains: noted.domains }));
}

export function notedAuthority(folder: string): NotedAuthority | undefined {
  try {
    return authority.parse(JSON.parse(read(folder, names.authority) ?? ""));
  } catch {
    return undefined;
  }
}

const authority = z.object({ directory: z.url(), domains: z.array(z.string()) });
export interface NotedAuthority {
  readonly directory: string;
  readonly domains: readonly string[];
}

function write(folder: string, name: string, text: string): void {
  try {
    writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
  } catch {
    // A full disk is reported by everything else that fails.
  }
}

function read(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8").slice(0, textCharactersMax);
  } catch {
    return undefined;
  }
}

const textCharactersMax = 4096;
