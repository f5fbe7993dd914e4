/** Amounts of data and work. */
export const fullScale = {
  largeMib: 1024,
  files: 10_000,
  mixedSeconds: 20,
  signInsEach: 25,
  restMs: 45_000,
  polls: 15_000 as number | undefined,
  peers: ["rsync", "rclone", "syncthing"],
  paired: { laterStarts: 5, mixedRequests: 5000 },
  kept: { files: 100_000 },
  sharing: { people: 1000, listedFiles: 100_000, rewoundNodes: 100_000, deviceEdits: 40 },
  sync: {
    newFiles: 40,
    files: 10_000,
    copied: 1000,
    largeMib: 1024,
    manyFiles: 100_000,
    manyTwice: false,
    idleSeconds: 30,
  },
  web: {
    listRounds: 5,
    folderRows: 100_000,
    actRounds: 10,
    taskFiles: 1000,
    smallFiles: 10_000,
    largeMib: 1024,
    rounds: 3,
    navigations: 1000,
  },
};
export type Scale = typeof fullScale;

/** For `--quick`. */
export const quickScale: Scale = {
  largeMib: 64,
  files: 500,
  mixedSeconds: 3,
  signInsEach: 5,
  restMs: 25_000,
  polls: undefined,
  peers: ["rsync"],
  paired: { laterStarts: 3, mixedRequests: 1000 },
  kept: { files: 1000 },
  sharing: { people: 50, listedFiles: 2000, rewoundNodes: 2000, deviceEdits: 10 },
  sync: { newFiles: 10, files: 500, copied: 100, largeMib: 64, manyFiles: 5000, manyTwice: true, idleSeconds: 5 },
  web: {
    listRounds: 1,
    folderRows: 5000,
    actRounds: 2,
    taskFiles: 200,
    smallFiles: 500,
    largeMib: 64,
    rounds: 1,
    navigations: 40,
  },
};
