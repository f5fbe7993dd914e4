import type { CommandMaker } from "./command.ts";

/** Commands in the order of the help. Only the one that runs is loaded. */
export const commandTable: Readonly<Record<string, () => Promise<CommandMaker>>> = {
  serve: async () => (await import("./serve.ts")).serveCommand,
  login: async () => (await import("./login.ts")).loginCommand,
  logout: async () => (await import("./logout.ts")).logoutCommand,
  passwd: async () => (await import("./passwd.ts")).passwdCommand,
  "second-factor": async () => (await import("./second-factor.ts")).secondFactorCommand,
  "app-passwords": async () => (await import("./app-passwords.ts")).appPasswordsCommand,
  addresses: async () => (await import("./addresses.ts")).addressesCommand,
  programs: async () => (await import("./programs.ts")).programsCommand,
  whoami: async () => (await import("./whoami.ts")).whoamiCommand,
  put: async () => (await import("./put.ts")).putCommand,
  get: async () => (await import("./get.ts")).getCommand,
  cat: async () => (await import("./cat.ts")).catCommand,
  sync: async () => (await import("./sync.ts")).syncCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  log: async () => (await import("./log.ts")).logCommand,
  pause: async () => (await import("./pause.ts")).pauseCommand,
  resume: async () => (await import("./resume.ts")).resumeCommand,
  conflicts: async () => (await import("./conflicts.ts")).conflictsCommand,
  deletes: async () => (await import("./deletes.ts")).deletesCommand,
  rules: async () => (await import("./rules.ts")).rulesCommand,
  ls: async () => (await import("./ls.ts")).lsCommand,
  tree: async () => (await import("./tree.ts")).treeCommand,
  mkdir: async () => (await import("./mkdir.ts")).mkdirCommand,
  mv: async () => (await import("./mv.ts")).mvCommand,
  cp: async () => (await import("./cp.ts")).cpCommand,
  rm: async () => (await import("./rm.ts")).rmCommand,
  df: async () => (await import("./df.ts")).dfCommand,
  versions: async () => (await import("./versions.ts")).versionsCommand,
  restore: async () => (await import("./restore.ts")).restoreCommand,
  rewind: async () => (await import("./rewind.ts")).rewindCommand,
  link: async () => (await import("./link.ts")).linkCommand,
  search: async () => (await import("./search.ts")).searchCommand,
  star: async () => (await import("./star.ts")).starCommand,
  unstar: async () => (await import("./unstar.ts")).unstarCommand,
  starred: async () => (await import("./starred.ts")).starredCommand,
  recent: async () => (await import("./recent.ts")).recentCommand,
  activity: async () => (await import("./activity.ts")).activityCommand,
  comments: async () => (await import("./comments.ts")).commentsCommand,
  comment: async () => (await import("./comment.ts")).commentCommand,
  share: async () => (await import("./share.ts")).shareCommand,
  unshare: async () => (await import("./unshare.ts")).unshareCommand,
  permissions: async () => (await import("./permissions.ts")).permissionsCommand,
  shared: async () => (await import("./shared.ts")).sharedCommand,
  mount: async () => (await import("./mount.ts")).mountCommand,
  transfer: async () => (await import("./transfer.ts")).transferCommand,
  leave: async () => (await import("./leave.ts")).leaveCommand,
  account: async () => (await import("./account.ts")).accountCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  import: async () => (await import("./import.ts")).importCommand,
  trash: async () => (await import("./trash.ts")).trashCommand,
  token: async () => (await import("./token.ts")).tokenCommand,
  devices: async () => (await import("./devices.ts")).devicesCommand,
  settings: async () => (await import("./settings.ts")).settingsCommand,
  admin: async () => (await import("./admin.ts")).adminCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
};

export const helpGroups: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      [
        "Server and account:",
        "serve login logout passwd second-factor app-passwords programs addresses whoami devices token settings export import account",
      ],
      ["Files on the server:", "put get cat ls tree mkdir mv cp rm df search star unstar starred recent"],
      ["A folder that stays in sync:", "sync status log pause resume conflicts deletes rules"],
      ["Back in time:", "versions restore rewind trash activity"],
      ["With others:", "share unshare permissions shared mount leave transfer link comment comments"],
      ["Running a server:", "admin"],
      ["Help:", "completion"],
    ] as const
  ).flatMap(([title, names]) => names.split(" ").map((name) => [name, title])),
);

/** Commands that the help does not list. */
export const hiddenTable: Readonly<Record<string, () => Promise<CommandMaker>>> = {
  __complete: async () => (await import("./complete-path.ts")).completePathCommand,
};
