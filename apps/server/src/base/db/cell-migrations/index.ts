import { later, type MigrationSet } from "../migrate.ts";

/** Databases record these names, so they must not change after a release. */
export const cellMigrations: MigrationSet = {
  schema: "cell",
  migrations: {
    "010-blocks-and-packs": later(() => import("./010-blocks-and-packs.ts")),
    "011-since-when-damaged": later(() => import("./011-since-when-damaged.ts")),
    "012-own-copies": later(() => import("./012-own-copies.ts")),
    "013-collection": later(() => import("./013-collection.ts")),
    "014-second-store": later(() => import("./014-second-store.ts")),
  },
};
