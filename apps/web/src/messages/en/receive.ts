export const receive = {
  "receive.title": "Save to my drive",
  "receive.what": { one: "Save “{name}”", other: "Save {count} files" },
  "receive.about": {
    one: "This file comes from another app or website. It is not uploaded until you choose a folder.",
    other: "These files come from another app or website. They are not uploaded until you choose a folder.",
  },
  "receive.away": {
    one: "The server cannot be reached. The file stays in this browser until you choose a folder.",
    other: "The server cannot be reached. The files stay in this browser until you choose a folder.",
  },
  "receive.files": "Files from another app or website",
  "receive.more": { one: "{count} more file", other: "{count} more files" },
  "receive.choose": "Choose folder…",
  "receive.discard": "Discard",
  "receive.discardTitle": { one: "Discard “{name}”?", other: "Discard {count} files?" },
  "receive.discardAbout": {
    one: "It is deleted from this browser. The app that shared it may not have a copy.",
    other: "They are deleted from this browser. The app that shared them may not have copies.",
  },
  "receive.waiting": {
    one: "{count} file from another app is waiting for a folder.",
    other: "{count} files from other apps are waiting for a folder.",
  },
  "receive.others": {
    one: "{count} file is waiting for another account. To save it, sign in to that account.",
    other: "{count} files are waiting for other accounts. To save them, sign in to those accounts.",
  },
  "receive.signOut": {
    one: "Signing out deletes {count} file from another app that is not uploaded yet.",
    other: "Signing out deletes {count} files from other apps that are not uploaded yet.",
  },
  "receive.none": "No files are waiting",
  "receive.noneNext": "Files that you share from another app appear here.",
  "receive.gone": "The browser deleted some of these files. Share them again.",
  "receive.notStarted": "The upload could not start. The files are still in this browser: choose the folder again.",
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
  "receive.notKept": "This browser could not store the files. Free some space on the device, and share them again.",
  "receive.notReady": "The app was not ready to receive files. Wait a few seconds, and share them again.",
} as const;
