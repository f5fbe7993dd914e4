export const receive = {
  "receive.title": "Save to my drive",
  "receive.what": { one: "Save “{name}”", other: "Save {count} files" },
  "receive.about": {
    one: "This file comes from another app or website. It stays in this browser until you choose a folder.",
    other: "These files come from another app or website. They stay in this browser until you choose a folder.",
  },
  "receive.away": {
    one: "The server cannot be reached. The file stays in this browser until you choose a folder.",
    other: "The server cannot be reached. The files stay in this browser until you choose a folder.",
  },
  "receive.deletedOn": {
    one: "This file has waited for more than a week. It will be deleted on {date} if you do not choose a folder.",
    other:
      "These files have waited for more than a week. They will be deleted on {date} if you do not choose a folder.",
  },
  "receive.unfinished": "The upload to “{folder}” did not finish. If you choose the same folder, it continues.",
  "receive.files": "Files from another app or website",
  "receive.more": { one: "{count} more file", other: "{count} more files" },
  "receive.choose": "Choose folder…",
  "receive.discard": "Discard",
  "receive.discardAll": "Discard all",
  "receive.discardTitle": { one: "Discard “{name}”?", other: "Discard {count} files?" },
  "receive.discardAbout": {
    one: "It is deleted from this browser. The app that shared it may not have a copy.",
    other: "They are deleted from this browser. The app that shared them may not have copies.",
  },
  "receive.discardOthersTitle": {
    one: "Discard {count} file of another account?",
    other: "Discard {count} files of other accounts?",
  },
  "receive.discardOthersAbout": {
    one: "It has not been uploaded yet. It is deleted from this browser, and its owner can no longer save it.",
    other:
      "They have not been uploaded yet. They are deleted from this browser, and their owners can no longer save them.",
  },
  "receive.waiting": {
    one: "{count} shared file is waiting for a folder.",
    other: "{count} shared files are waiting for a folder.",
  },
  "receive.deletedSoon": {
    one: "{count} shared file will be deleted on {date} if you do not choose a folder.",
    other: "{count} shared files will be deleted on {date} if you do not choose a folder.",
  },
  "receive.others": {
    one: "{count} file belongs to another account in this browser. To save it, sign in with that account.",
    other:
      "{count} files belong to other accounts in this browser. To save them, sign in with the account they belong to.",
  },
  "receive.signOut": {
    one: "Signing out deletes {count} file from another app that has not been uploaded yet.",
    other: "Signing out deletes {count} files from other apps that have not been uploaded yet.",
  },
  "receive.none": "No files are waiting",
  "receive.noneNext": "Files that you share from another app appear here.",
  "receive.gone": {
    one: "{count} file is no longer in this browser. Share it again.",
    other: "{count} files are no longer in this browser. Share them again.",
  },
  "receive.elsewhere": {
    one: "This file is being uploaded, or was already uploaded or discarded.",
    other: "These files are being uploaded, or were already uploaded or discarded.",
  },
  "receive.notStarted": "The upload could not start. Nothing was deleted. Choose the folder again.",
  "receive.notDiscarded": "The files could not be discarded. Try again.",
  "receive.stopped": {
    one: "The file from another app was not uploaded. Choose a folder to try again.",
    other: "Not all files from another app were uploaded. Choose a folder to try again.",
  },
  "receive.nothing": "The other app shared no files.",
  "receive.tooMany":
    "The files were not accepted, because at most {max} can wait. Save or discard the files that are waiting, or share fewer.",
  "receive.tooLarge":
    "The files were not accepted, because at most {max} can wait. Save or discard the files that are waiting, or use “Upload files”.",
  "receive.notKept": "This browser could not store the files. Free up some space on the device, and share them again.",
  "receive.notReady": "The app was not ready to receive files. Wait a few seconds, and share them again.",
} as const;
