export const firstRun = {
  "firstRun.title": "Your drive is ready",
  "firstRun.about": "Three ways to get started.",
  "firstRun.shared": "{who} shared {name} with you",
  "firstRun.sharedAbout": "Add it to your files to have it on your devices too.",
  "firstRun.sharedFileAbout": "You will find it under Shared.",
  "firstRun.sharedAdd": "Add to my files",
  "firstRun.sharedLook": "Go to Shared",
  "firstRun.drop": "Upload files",
  "firstRun.dropAbout": "Drag files or whole folders from your computer onto this page, or choose them.",
  "firstRun.install": "Keep a folder in sync",
  "firstRun.installAbout":
    "The holdfast command syncs a folder on your computer with this drive. To install it, clone the Holdfast repository to a permanent folder, or copy that folder from another computer without node_modules. In the folder, run npm ci (Node 20 or newer), then these commands. They ask for your password.",
  "firstRun.commands": "Commands",
  "firstRun.invite": "Invite someone",
  "firstRun.inviteAbout": "Share folders with family or colleagues. They create an account with a link.",
  "firstRun.inviteAct": "Create invitation",
  "firstRun.shareAbout": "Share anything you put here with a person, an e-mail address or a link.",
} as const;
