import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { isThere } from "@holdfast/disk/write-durably";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BlockCell } from "./block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import {
  createKeyEncryptionKey,
  type KeySource,
  keyVariable,
  loadWrappings,
  newKeyVariable,
  nextPathOf,
  promoteNextKey,
} from "../keys/key-encryption-key.ts";
import { isServiceAddress } from "../keys/key-service.ts";
import type { HeldKeys } from "../keys/keyring.ts";

export interface RotationParts {
  /** Must contain all cells that use the key. */
  readonly cells: readonly BlockCell[];
  readonly source: KeySource;
  readonly log: BlockLog;
}

export interface Rotation {
  readonly keyId: string;
  /** undefined if the key comes from the environment. */
  readonly keyFile: string | undefined;
  readonly oldKeyFile: string | undefined;
  readonly cells: readonly CellKeys[];
}

export interface CellKeys extends HeldKeys {
  readonly id: string;
}

/**
 * May be interrupted and repeated: while two keys are in use, both are available, and nothing removes the old key.
 * Running processes read the key again when needed.
 * @throws HoldfastError conflict if the environment contains the key and no new one; `locked` while another process
 * rotates
 */
export async function rotateKeyEncryptionKey(parts: RotationParts & { readonly random: Random }): Promise<Rotation> {
  const rotation = await alone(parts.cells, async () => {
    const { source, random, log } = parts;
    const isFile = isByFile(source);
    // A next key left by an interrupted rotation may have wrapped something, and is reused.
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

/** Continues an interrupted rotation, whose key may have wrapped something. */
export async function finishRotation(parts: RotationParts): Promise<void> {
  const { source, cells, log } = parts;
  if (!isByFile(source) || !(await isThere(source.disk, nextPathOf(source)))) return;
  await alone(cells, async () => {
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

/** False if a person or a service supplies both keys; no file may be created then. */
function isByFile({ variable, newVariable }: KeySource): boolean {
  return variable === undefined && newVariable === undefined;
}

/** A key service has versions of one key, so wrapping again uses its newest version. */
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
 * The lock ends with the connection, so the work must tolerate interruption.
 * @returns undefined, with nothing done, if another process runs it
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

/** A number that nothing else in the cell's database locks: "hf-turn" in ASCII. */
const rotationLock = "29385742991323758";
