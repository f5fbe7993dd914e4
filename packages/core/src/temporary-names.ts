/**
 * Temporary files of programs, by the name that each program documents: backups and locks of editors and office
 * programs, unfinished downloads, and files of desktops and network filesystems. Keys are the patterns for people.
 */
const patterns: Readonly<Record<string, RegExp>> = {
  "*~": /~$/, // Emacs, gedit, nano and many more
  ".*.sw?": /^\..*\.sw[a-p]$/, // Vim
  ".#*": /^\.#/, // Emacs: lock
  "#*#": /^#.*#$/, // Emacs: unsaved
  "~$*": /^~\$/, // Microsoft Office: owner
  "~WR?*.tmp": /^~WR[DLA].*\.tmp$/, // Microsoft Word
  ".~lock.*#": /^\.~lock\..*#$/, // LibreOffice
  ".goutputstream-*": /^\.goutputstream-/, // GLib, while it saves
  "*.part": /\.part$/, // Firefox
  "*.crdownload": /\.crdownload$/, // Chromium
  ".fuse_hidden*": /^\.fuse_hidden/,
  ".nfs*": /^\.nfs[0-9a-f]/,
  ".DS_Store": /^\.DS_Store$/,
  "Thumbs.db": /^[Tt]humbs\.db$/,
  "desktop.ini": /^[Dd]esktop\.ini$/,
};

export const temporaryNames: readonly string[] = Object.keys(patterns);

const anyPattern = new RegExp(
  Object.values(patterns)
    .map(({ source }) => `(?:${source})`)
    .join("|"),
);

export function isTemporary(name: string): boolean {
  return anyPattern.test(name);
}

/** @returns one of `temporaryNames` */
export function temporaryName(name: string): string | undefined {
  return temporaryNames.find((each) => patterns[each]?.test(name));
}
