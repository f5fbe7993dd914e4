import type { Disk, DiskFile } from "./disk.ts";

export interface SyncCall {
  readonly name: "datasync" | "sync" | "syncFolder";
  readonly path: string;
}

/** Silently skips some syncs, like a program without them. A skipped `sync` of content also skips mode and times. */
export function makeDeafDisk(disk: Disk, ignores: (call: SyncCall) => boolean): Disk {
  return {
    async createFile(path, options) {
      return deafFile(await disk.createFile(path, options), path, ignores);
    },
    openForRead: (path) => disk.openForRead(path),
    readFile: (path) => disk.readFile(path),
    rename: (from, to) => disk.rename(from, to),
    link: (from, to) => disk.link(from, to),
    symlink: (target, path) => disk.symlink(target, path),
    readLink: (path) => disk.readLink(path),
    unlink: (path) => disk.unlink(path),
    mkdir: (path, options) => disk.mkdir(path, options),
    rmdir: (path) => disk.rmdir(path),
    list: (folder) => disk.list(folder),
    stat: (path) => disk.stat(path),
    async syncFolder(path) {
      if (!ignores({ name: "syncFolder", path })) await disk.syncFolder(path);
    },
  };
}

function deafFile(file: DiskFile, path: string, ignores: (call: SyncCall) => boolean): DiskFile {
  return {
    write: (bytes, position) => file.write(bytes, position),
    async datasync() {
      if (!ignores({ name: "datasync", path })) await file.datasync();
    },
    async sync() {
      if (!ignores({ name: "sync", path })) await file.sync();
    },
    setTimes: (mtimeMicros) => file.setTimes(mtimeMicros),
    setMode: (mode) => file.setMode(mode),
    close: () => file.close(),
  };
}
