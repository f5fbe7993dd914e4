/** Of the end of an account for good. */
export const shred = {
  "shred.menu": "Remove for good…",
  "shred.leaves": "deleted; removed for good by itself on {when}",
  "shred.title": "Remove the account of {name} for good?",
  "shred.about": "Nothing brings it back: there is no trash for it, and no time in which it can be switched on again.",
  "shred.goes":
    "All that is of this account alone goes at once: files with all versions, the trash, unfinished uploads, comments, links, tokens, devices and notifications, the name and the address.",
  "shred.stays":
    "What others have stays theirs: copies they made, and what the account put into their folders. Its devices keep the files on their disks.",
  "shred.files": { one: "{count} file, with those in the trash", other: "{count} files, with those in the trash" },
  "shred.versions": { one: "{count} version", other: "{count} versions" },
  "shred.sharedWith": {
    one: "shared with {count} person, group or link",
    other: "shared with {count} people, groups and links",
  },
  "shred.sharedWithNobody": "shared with nobody",
  "shred.written": {
    one: "{count} of the files came last from another account. It is removed too.",
    other: "{count} of the files came last from other accounts. They are removed too.",
  },
  "shred.staying": {
    one: "{count} file that the account wrote in folders of others stays there.",
    other: "{count} files that the account wrote in folders of others stay there.",
  },
  "shred.type": "To go on, type the address of the account",
  "shred.typeWrong": "This is not the address of the account. Nothing was removed.",
  "shred.act": "Remove for good",
  "shred.refused":
    "It cannot be removed just now: it was switched on again, or something is being transferred from or to it. Nothing was removed.",
  "shred.of": "Removing the account of {name}",
  "shred.running": "It is being removed",
  "shred.runningAbout": "It goes on by itself, also once you close this. Large servers take a while.",
  "shred.rights": "What was shared ends.",
  "shred.rows": "Names, files and all else that is listed go.",
  "shred.blocks": "Contents that nobody else has go.",
  "shred.packs": "What is stored is written anew without it.",
  "shred.database": "The database is written anew without it.",
  "shred.copies": "What was copied of the database is made anew.",
  "shred.waiting": "It waits, and goes on by itself then",
  "shred.done": "Nothing of it is left on this server",
  "shred.backup":
    "Backups from before have it still: those in {place}. Make one without it and remove the others, by “holdfast admin backup {place} --keep 1”.",
  "shred.noBackup": "If there are backups from before, they have it still. This server knows of none.",
} as const;
