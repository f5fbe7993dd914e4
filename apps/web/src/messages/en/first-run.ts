export const firstRun = {
  "firstRun.title": "Your drive is ready",
  "firstRun.about": "Three ways to begin. Each can wait.",
  "firstRun.shared": "{who} shares {name} with you",
  "firstRun.sharedAbout": "Among your files it is on your devices too.",
  "firstRun.sharedFileAbout": "It is under Shared.",
  "firstRun.sharedAdd": "Add to my files",
  "firstRun.sharedLook": "Go to Shared",
  "firstRun.drop": "Drop files",
  "firstRun.dropAbout": "Drag files or whole folders from your computer onto this page, or choose them.",
  "firstRun.install": "Keep a folder in sync",
  "firstRun.installAbout":
    "The command keeps a folder of your computer equal with this drive. It runs from the folder of Holdfast: have that from whoever runs this server, copy it to your computer without node_modules, and say npm ci in it (Node 20 or newer). Then paste these lines there; it asks for your password.",
  "firstRun.commands": "Commands",
  "firstRun.invite": "Invite somebody",
  "firstRun.inviteAbout": "Share a folder with family or colleagues. They get an account by a link.",
  "firstRun.inviteAct": "Make an invitation",
  "firstRun.shareAbout": "Anything that you put here you can share: with an account, an e-mail address or a link.",
} as const;
