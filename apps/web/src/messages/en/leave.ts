export const leave = {
  "leave.export": "Export your account",
  "leave.exportAbout":
    "One file with everything in your account: folders, files, trash, comments, stars and shares. It is a tar archive that any system opens, and 'holdfast import' reads it into another server.",
  "leave.versions": "Include older versions",
  "leave.versionsHint": "Otherwise the export contains only the current version of each file.",
  "leave.exportAct": "Export",
  "leave.exportBegun": "Your browser is downloading holdfast.tar. It is complete when the browser says so.",
  "leave.delete": "Delete account",
  "leave.deleteAbout":
    "Deletes everything you have, also for the people you share it with. You can restore the account for some weeks by signing in.",
  "leave.deleteTitle": "Delete your account?",
  "leave.deleteProve":
    "All your devices are signed out immediately, and your shares and links end. Export your account first if you want to keep anything. Confirm your identity to continue.",
} as const;
