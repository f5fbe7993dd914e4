export const leave = {
  "leave.export": "Export your account",
  "leave.exportAbout":
    "One file with everything in your account: folders, files, trash, comments, stars and shares. It is a tar archive that any system can open, and 'holdfast import' loads it into an account on another server.",
  "leave.versions": "Include older versions",
  "leave.versionsHint": "Otherwise the export contains only the current version of each file.",
  "leave.exportAct": "Export",
  "leave.exportBegun": "Your browser is downloading holdfast.tar. The export is complete when the download finishes.",
  "leave.delete": "Delete account",
  "leave.deleteAbout":
    "Deletes everything in your account, including for the people you share it with. To restore the account within the next few weeks, sign in.",
  "leave.deleteTitle": "Delete your account?",
  "leave.deleteProve":
    "All your devices are signed out immediately, and your shares and links stop working. Export your account first if you want to keep anything. Confirm your identity to continue.",
} as const;
