export const leave = {
  "leave.export": "Take everything with you",
  "leave.exportAbout":
    "One file with all of your account: folders, files, trash, comments, stars and shares. It is a tar that every system opens, and 'holdfast import' reads it into another server.",
  "leave.versions": "With older versions",
  "leave.versionsHint": "Without them it has the newest version of each file.",
  "leave.exportAct": "Save my account",
  "leave.exportBegun": "Your browser saves holdfast.tar. It is whole once the browser says so.",
  "leave.delete": "Delete the account",
  "leave.deleteAbout":
    "All that you have goes, for everybody with whom you share it, too. For some weeks you can take it back by signing in; a mail says until when.",
  "leave.deleteTitle": "Delete your account?",
  "leave.deleteProve":
    "All your devices are signed out at once, and your shares and links end. Save your account before, if you want to keep anything. Prove that it is you.",
} as const;
