import { HoldfastError } from "@holdfast/core/errors";
import type { BackupPlace } from "./backup-place.ts";

/** Sixteen pages. A file with few changes shares most pieces with the previous backup. */
export const pieceBytes = 128 * 1024;

const piecePrefix = "database/";

/** Named by content. Equal pieces are stored once. */
export class Pieces {
  readonly #place: BackupPlace;
  readonly #known = new Map<string, number>();
  readonly #making = new Map<string, Promise<void>>();
  addedBytes = 0;

  private constructor(place: BackupPlace) {
    this.#place = place;
  }

  static async open(place: BackupPlace): Promise<Pieces> {
    const pieces = new Pieces(place);
    for await (const { key, sizeBytes } of place.store.list(piecePrefix)) pieces.#known.set(nameOfKey(key), sizeBytes);
    return pieces;
  }

  /** @returns name of the durable piece */
  async put(plain: Uint8Array): Promise<string> {
    const { box } = this.#place;
    const name = box.nameOf(plain);
    if (this.#known.has(name)) return name;
    const making = this.#making.get(name) ?? this.#make(name, plain).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    await making;
    return name;
  }

  /** @throws HoldfastError damaged if missing or wrong */
  async get(name: string): Promise<Uint8Array> {
    const { store, box } = this.#place;
    if (!this.#known.has(name)) throw damagedPiece(name, "is missing");
    const plain = await box.open(labelOf(name), await store.get(keyOf(name)), pieceBytes);
    if (box.nameOf(plain) !== name) throw damagedPiece(name, "holds something else");
    return plain;
  }

  names(): string[] {
    return [...this.#known.keys()];
  }

  async remove(name: string): Promise<void> {
    this.#known.delete(name);
    await this.#place.store.delete(keyOf(name));
  }

  bytesOf(names: Iterable<string>): number {
    return [...new Set(names)].reduce((sum, name) => sum + (this.#known.get(name) ?? 0), 0);
  }

  async #make(name: string, plain: Uint8Array): Promise<void> {
    const { store, box } = this.#place;
    const sealed = await box.seal(labelOf(name), plain);
    await store.put(keyOf(name), sealed);
    this.#known.set(name, sealed.length);
    this.addedBytes += sealed.length;
  }
}

function keyOf(name: string): string {
  return `${piecePrefix}${name.slice(0, 2)}/${name}`;
}

function nameOfKey(key: string): string {
  return key.slice(piecePrefix.length + 3);
}

function labelOf(name: string): string {
  return `piece ${name}`;
}

function damagedPiece(name: string, how: string): HoldfastError {
  return new HoldfastError("damaged", `The backup is damaged: the piece ${name} of the database ${how}.`);
}
