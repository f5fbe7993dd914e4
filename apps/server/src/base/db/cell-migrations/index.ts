import type { MigrationSet } from "../migrate.ts";
import * as blocksAndPacks from "./010-blocks-and-packs.ts";
import * as sinceWhenDamaged from "./011-since-when-damaged.ts";
import * as ownCopies from "./012-own-copies.ts";
import * as collection from "./013-collection.ts";
import * as secondStore from "./014-second-store.ts";

/** Databases record these names, so they must not change after a release. */
export const cellMigrations: MigrationSet = {
  schema: "cell",
  migrations: {
    "010-blocks-and-packs": { up: blocksAndPacks.up },
    "011-since-when-damaged": { up: sinceWhenDamaged.up },
    "012-own-copies": { up: ownCopies.up },
    "013-collection": { up: collection.up },
    "014-second-store": { up: secondStore.up },
  },
};
