export const offline = {
  "offline.title": "Offline",
  "offline.about":
    "{name}’s files that are kept offline in this browser. Everything else will be available when the server can be reached.",
  "offline.aboutNobody":
    "Files that are kept offline in this browser. Everything else will be available when the server can be reached.",
  "offline.kept": "Files kept offline",
  "offline.keptAbout":
    "These files open without the server. They update automatically, and are removed when you sign out or lose access. At most 2,000 files.",
  "offline.none": "No files kept offline",
  "offline.noneNext": "Choose “Keep offline” on a file or folder while you are online.",
  "offline.tryNow": "Try now",
  "offline.drop": "Remove",
  "offline.dropNamed": "Remove {name} from this browser",
  "offline.dropAll": "Remove all",
  "offline.total": { one: "{count} file, {size}", other: "{count} files, {size}" },
  "offline.coming": "downloading",
  "offline.fetching": "Downloading files…",
  "offline.full": "This browser is out of space. Remove some files here, or free up space on the device.",
  "offline.cut": "More than 2,000 files were chosen; the rest is not kept offline. Choose fewer or smaller folders.",
  "offline.failed": "Some files could not be downloaded. Holdfast will retry the next time you open it.",
  "offline.cannot": "This browser cannot store files offline",
  "offline.cannotNext": "Use a current browser, and open this server over https.",
  "offline.cannotKeep":
    "This browser cannot store files offline. Use a current browser, and open this server over https.",
  "offline.keeping": { one: "{count} item is kept offline", other: "{count} items are kept offline" },
  "offline.droppedOffline": {
    one: "{count} item is no longer kept offline",
    other: "{count} items are no longer kept offline",
  },
  "offline.keptSave": "No offline preview for this file type. Save it to open it on your computer.",
  "offline.keptNot": "This file is not kept offline. It opens when the server can be reached.",
} as const;
