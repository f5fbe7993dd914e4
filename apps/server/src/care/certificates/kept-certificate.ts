import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, writeFileDurably } from "@holdfast/disk/write-durably";
import { z } from "zod";
import type { GivenCertificate } from "./judge-certificate.ts";

export interface KeptAccount {
  readonly key: string;
  /** Identifies the account at the authority; undefined: not registered yet. */
  readonly url: string | undefined;
}

export interface KeptTries {
  /** Separated by commas. */
  readonly domains: string;
  /** Failures in a row; 0 after success. */
  readonly failures: number;
  readonly reason: string;
  readonly atMs: number;
  /** Earliest time for the next call, as the authority demands. Also applies after a restart. */
  readonly notBeforeMs: number;
}

const account = z.object({ key: z.string(), url: z.string().optional() });
const certificate = z.object({ key: z.string(), chain: z.string() });
const tries = z.object({
  domains: z.string(),
  failures: z.int().min(0),
  reason: z.string(),
  atMs: z.number(),
  notBeforeMs: z.number(),
});

/**
 * Stored in `acme/` of the data folder. Each authority has a folder that only the owner can read, so a test authority
 * does not affect the next. Key and certificate are in one file, so they always match.
 */
export class KeptCertificate {
  readonly #folder: string;
  readonly #random: Random;

  constructor(dataFolder: string, directory: string, random: Random) {
    this.#folder = folderOf(dataFolder, directory);
    this.#random = random;
  }

  account(): KeptAccount | undefined {
    const kept = this.#read("account.json", account);
    return kept && { key: kept.key, url: kept.url };
  }

  keepAccount(kept: KeptAccount): Promise<void> {
    return this.#write("account.json", kept);
  }

  certificate(): GivenCertificate | undefined {
    return this.#read("certificate.json", certificate);
  }

  keepCertificate({ key, chain }: GivenCertificate): Promise<void> {
    return this.#write("certificate.json", { key, chain });
  }

  tries(): KeptTries | undefined {
    return this.#read("tries.json", tries);
  }

  keepTries(kept: KeptTries): Promise<void> {
    return this.#write("tries.json", kept);
  }

  /** Missing or invalid files are requested again. */
  #read<Value>(name: string, schema: z.ZodType<Value>): Value | undefined {
    try {
      return schema.parse(JSON.parse(readFileSync(join(this.#folder, name), "utf8")));
    } catch {
      return undefined;
    }
  }

  async #write(name: string, value: object): Promise<void> {
    await ensureFolderDurably(nodeDisk, this.#folder, { mode: 0o700 });
    const bytes = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
    await writeFileDurably(nodeDisk, join(this.#folder, name), bytes, { mode: 0o600, random: this.#random });
  }
}

function folderOf(dataFolder: string, directory: string): string {
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 8);
  return join(dataFolder, "acme", `${new URL(directory).hostname.replaceAll(/[^a-z0-9.-]/g, "_")}-${digest}`);
}
