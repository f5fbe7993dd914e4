import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { Kysely } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { Keyring } from "../keys/keyring.ts";

export interface BlockCell {
  readonly id: string;
  readonly db: Kysely<CellTables>;
  readonly store: ObjectStore;
  readonly keyring: Keyring;
}
