export const shred = {
  "shred.menu": "Delete permanently…",
  "shred.leaves": "deleted; permanently removed on {when}",
  "shred.title": "Permanently delete the account of {name}?",
  "shred.about": "This cannot be undone. The account does not go to the trash and cannot be enabled again.",
  "shred.goes":
    "Everything that belongs only to this account is deleted immediately: files with all versions, the trash, unfinished uploads, comments, links, tokens, devices, notifications, the name and the address.",
  "shred.stays":
    "Other people keep their copies and the files that this account put into their folders. The account’s devices keep the files on their disks.",
  "shred.files": { one: "{count} file, including the trash", other: "{count} files, including the trash" },
  "shred.versions": { one: "{count} version", other: "{count} versions" },
  "shred.sharedWith": {
    one: "shared with {count} person, group or link",
    other: "shared with {count} people, groups and links",
  },
  "shred.sharedWithNobody": "not shared",
  "shred.written": {
    one: "{count} of the files was last changed by another account. It is deleted too.",
    other: "{count} of the files were last changed by other accounts. They are deleted too.",
  },
  "shred.staying": {
    one: "{count} file that the account put into other people’s folders stays there.",
    other: "{count} files that the account put into other people’s folders stay there.",
  },
  "shred.type": "To confirm, enter the account’s e-mail address",
  "shred.typeWrong": "This is not the account’s address. Nothing was deleted.",
  "shred.act": "Delete permanently",
  "shred.refused":
    "The account cannot be deleted right now: it was enabled again, or a transfer from or to it is under way. Nothing was deleted.",
  "shred.of": "Deleting the account of {name}",
  "shred.running": "The account is being deleted",
  "shred.runningAbout": "You can close this; the deletion continues. On a large server, this can take a while.",
  "shred.rights": "Removes shares.",
  "shred.rows": "Removes names, files and other records.",
  "shred.blocks": "Removes content that no other account uses.",
  "shred.packs": "Rewrites the store without this content.",
  "shred.database": "Rewrites the database.",
  "shred.copies": "Replaces copies of the database.",
  "shred.waiting": "Waiting; continues automatically",
  "shred.done": "All data of this account has been deleted from this server",
  "shred.backup":
    "Earlier backups in {place} still contain the account. Create a backup without it and remove the others with “holdfast admin backup {place} --keep 1”.",
  "shred.noBackup": "If earlier backups exist, they still contain the account. This server has no record of any.",
} as const;
