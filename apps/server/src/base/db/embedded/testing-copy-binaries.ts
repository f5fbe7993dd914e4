/** Arguments: data folder, folder unpacked by npm. */
import { findBinaries } from "./binaries.ts";

const [, , dataFolder = "", nativeFolder = ""] = process.argv;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
await findBinaries(dataFolder, { uid: 65_533, gid: 65_533 }, log, { nativeFolder, version: "18.4" });
