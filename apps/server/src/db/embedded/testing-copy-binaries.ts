/** Run with a data folder and what npm unpacked, which the database's user cannot reach: copies it as a server's start does. */
import { findBinaries } from "./binaries.ts";

const [, , dataFolder = "", nativeFolder = ""] = process.argv;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
await findBinaries(dataFolder, { uid: 65_533, gid: 65_533 }, log, { nativeFolder, version: "18.4" });
