/**
 * Files that programs make for themselves beside the ones that people mean, each by the name that its program documents:
 * backups and locks of editors and office programs, unfinished downloads, what desktops and network filesystems leave.
 */
const patterns: readonly RegExp[] = [
  /~$/, // Emacs, gedit, nano and many more
  /^\..*\.sw[a-p]$/, // Vim
  /^\.#/, // Emacs: lock
  /^#.*#$/, // Emacs: unsaved
  /^~\$/, // Microsoft Office: owner
  /^~WR[DLA].*\.tmp$/, // Microsoft Word
  /^\.~lock\..*#$/, // LibreOffice
  /^\.goutputstream-/, // GLib, while it saves
  /\.(part|crdownload)$/, // Firefox, Chromium
  /^\.fuse_hidden/,
  /^\.nfs[0-9a-f]/,
  /^\.DS_Store$/,
  /^[Tt]humbs\.db$/,
  /^[Dd]esktop\.ini$/,
];

const anyPattern = new RegExp(patterns.map(({ source }) => `(?:${source})`).join("|"));

export function isTemporary(name: string): boolean {
  return anyPattern.test(name);
}
