import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { nameOfAlias } from "../model/conflicted-name.ts";
import { type LocalRow, type Place, samePlace, type SyncedRow } from "../model/trees.ts";
import type { MatchInput } from "./match.ts";
import type { LocalTree } from "../model/local-tree.ts";
import type { Entry } from "./walk.ts";

interface NamingInput extends Pick<MatchInput, "intents" | "slotKey"> {
  readonly tree: LocalTree;
  readonly bases: Pick<ReadonlyMap<NodeId, SyncedRow>, "get">;
}

export class Naming {
  readonly #input: NamingInput;
  readonly #entries: readonly Entry[];
  readonly #foldsCase: boolean;
  #siblings: ReadonlyMap<Entry["folder"], readonly Entry[]> | undefined;

  constructor(input: NamingInput, entries: readonly Entry[]) {
    this.#input = input;
    this.#entries = entries;
    this.#foldsCase = input.slotKey("A") === input.slotKey("a");
  }

  nameOf(entry: Entry, id: NodeId, parent: NodeId): Pick<LocalRow, "name" | "alias"> {
    const { tree, intents } = this.#input;
    const { name } = entry;
    const row = tree.local.get(id);
    for (const place of [row, intents.get(id)?.place]) {
      if (place?.alias === name) return { name: place.name, alias: name };
    }
    const own =
      row === undefined
        ? this.#lostName(entry, parent)
        : this.#nameBefore(row, this.#input.bases.get(id)?.place, { parent, name });
    return own === undefined ? { name } : { name: own, alias: name };
  }

  /** After an undone move without agreement, the item has its alias again. */
  #nameBefore(row: LocalRow, base: Place | undefined, now: Place): string | undefined {
    if (!this.#foldsCase || base?.parent !== now.parent || samePlace(row, base)) return undefined;
    return nameOfAlias(now.name) === base.name ? base.name : undefined;
  }

  /** Real name of an unknown item with an alias from a lost state or a copy, unless another item has it. */
  #lostName(entry: Entry, parent: NodeId): string | undefined {
    const own = this.#foldsCase ? nameOfAlias(entry.name) : undefined;
    if (own === undefined) return undefined;
    const { tree } = this.#input;
    const isTaken = (name: string | undefined): boolean => name !== undefined && nameKey(name) === nameKey(own);
    for (const id of tree.childrenOf(parent)) {
      const row = tree.local.get(id);
      if (row?.parent === parent && isTaken(row.name)) return undefined;
    }
    this.#siblings ??= Map.groupBy(this.#entries, ({ folder }) => folder);
    return (this.#siblings.get(entry.folder) ?? []).some(({ name }) => isTaken(name)) ? undefined : own;
  }
}
