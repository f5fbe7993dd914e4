import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { isThere } from "@holdfast/disk/write-durably";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import type { BlockCell } from "./block-cell.ts";
import type { BlockLog } from "./block-log.ts";
import {
  createKeyEncryptionKey,
  type KeySource,
  keyVariable,
  loadWrappings,
  newKeyVariable,
  nextPathOf,
  promoteNextKey,
} from "./key-encryption-key.ts";
import { isServiceAddress } from "./key-service.ts";
import type { HeldKeys } from "./keyring.ts";

export interface RotationParts {
  /** All that the key belongs to, so that none is left behind. */
  readonly cells: readonly BlockCell[];
  readonly source: KeySource;
  readonly log: BlockLog;
}

export interface Rotation {
  /** Of the key that wraps everything now; see `keyIdOf`. */
  readonly keyId: string;
  /** Undefined where the key comes from the environment. */
  readonly keyFile: string | undefined;
  /** Where the key from before stays; undefined where it comes from the environment. */
  readonly oldKeyFile: string | undefined;
  readonly cells: readonly CellKeys[];
}

export interface CellKeys extends HeldKeys {
  readonly id: string;
}

/**
 * Wraps all data keys by another key-encryption key, and no pack changes. It may be cut short anywhere and be said again: as long as two keys
 * are in use both are at hand, and the one from before stays as a file, or in the environment, until a person takes it away.
 * Processes that run read the key anew when they need it.
 * @throws HoldfastError conflict where the environment has the key and no new one, `locked` while another process does the same
 */
export async function rotateKeyEncryptionKey(parts: RotationParts & { readonly random: Random }): Promise<Rotation> {
  const rotation = await alone(parts.cells, async () => {
    const { source, random, log } = parts;
    const isFile = isByFile(source);
    // One that was left behind by a rotation cut short may have wrapped some already, and is taken.
    if (isFile) await createKeyEncryptionKey({ ...source, path: nextPathOf(source) }, random);
    else assertOther(source);
    const wrappings = await loadWrappings(source, random);
    const keyId = (wrappings?.next ?? wrappings?.current)?.id ?? "";
    const cells = await rewrapAll(parts);
    const oldKeyFile = isFile ? await promoteNextKey(source) : undefined;
    log.warn(
      { key_id: keyId },
      "the data keys are encrypted with a new key-encryption key: keep a copy of it elsewhere",
    );
    return { keyId, keyFile: isFile ? source.path : undefined, oldKeyFile, cells };
  });
  if (rotation !== undefined) return rotation;
  throw new HoldfastError("locked", "Another process is changing the key. Try again.");
}

/** Goes on with a rotation that was cut short: its key file is there, and may have wrapped something already. */
export async function finishRotation(parts: RotationParts): Promise<void> {
  const { source, cells, log } = parts;
  if (!isByFile(source) || !(await isThere(source.disk, nextPathOf(source)))) return;
  await alone(cells, async () => {
    // Done by another process since.
    if (!(await isThere(source.disk, nextPathOf(source)))) return;
    await rewrapAll(parts);
    const oldKeyFile = await promoteNextKey(source);
    log.warn(
      { key_file: source.path, old_key_file: oldKeyFile },
      "an interrupted change of the key-encryption key was completed: keep a copy of the new key elsewhere",
    );
  });
}

async function rewrapAll({ cells }: RotationParts): Promise<CellKeys[]> {
  const done: CellKeys[] = [];
  for (const { id, keyring } of cells) done.push({ id, ...(await keyring.rewrap()) });
  return done;
}

/** Else a person, or a service, gives both keys, and no file is ours to make. */
function isByFile({ variable, newVariable }: KeySource): boolean {
  return variable === undefined && newVariable === undefined;
}

/** A service has other versions of one key by itself: what is wrapped anew is wrapped by its newest. */
function assertOther({ variable, newVariable }: KeySource): void {
  const how =
    `Create one (openssl rand -base64 32), start every server with it as ${newKeyVariable} in addition to the current ${keyVariable}, ` +
    "and run this command again.";
  if (newVariable === undefined && !isServiceAddress(variable ?? "")) {
    throw new HoldfastError(
      "conflict",
      `The key comes from the variable ${keyVariable}, and there is no new one. ${how}`,
    );
  }
  if (newVariable !== undefined && newVariable.trim() === variable?.trim()) {
    throw new HoldfastError("conflict", `${newKeyVariable} contains the same key as ${keyVariable}. ${how}`);
  }
}

/**
 * Of all processes one at a time; the lock ends with the connection, and what it guards may be cut short.
 * @returns undefined, with nothing done, while another one is at it
 */
async function alone<Result>(cells: readonly BlockCell[], work: () => Promise<Result>): Promise<Result | undefined> {
  const [first] = cells;
  if (first === undefined) throw new HoldfastError("internal", "There is no cell.");
  return first.db.connection().execute(async (connection) => {
    if (!(await tryLock(connection))) return undefined;
    try {
      return await work();
    } finally {
      await sql`select pg_advisory_unlock(${rotationLock})`.execute(connection);
    }
  });
}

async function tryLock(connection: Kysely<CellTables>): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${rotationLock}) as taken`.execute(
    connection,
  );
  return rows[0]?.taken === true;
}

/** Any number that nothing else in the cell's database locks: "hf-turn" in ASCII. */
const rotationLock = "29385742991323758";
