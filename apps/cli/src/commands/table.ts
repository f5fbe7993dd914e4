import type { CommandMaker } from "./command.ts";

/** Every command by name, in the order of the help. Only the one that runs is loaded. */
export const commandTable: Readonly<Record<string, () => Promise<CommandMaker>>> = {
  serve: async () => (await import("./serve.ts")).serveCommand,
  login: async () => (await import("./login.ts")).loginCommand,
  logout: async () => (await import("./logout.ts")).logoutCommand,
  whoami: async () => (await import("./whoami.ts")).whoamiCommand,
  put: async () => (await import("./put.ts")).putCommand,
  get: async () => (await import("./get.ts")).getCommand,
  cat: async () => (await import("./cat.ts")).catCommand,
  ls: async () => (await import("./ls.ts")).lsCommand,
  tree: async () => (await import("./tree.ts")).treeCommand,
  mkdir: async () => (await import("./mkdir.ts")).mkdirCommand,
  mv: async () => (await import("./mv.ts")).mvCommand,
  cp: async () => (await import("./cp.ts")).cpCommand,
  rm: async () => (await import("./rm.ts")).rmCommand,
  df: async () => (await import("./df.ts")).dfCommand,
  versions: async () => (await import("./versions.ts")).versionsCommand,
  restore: async () => (await import("./restore.ts")).restoreCommand,
  trash: async () => (await import("./trash.ts")).trashCommand,
  token: async () => (await import("./token.ts")).tokenCommand,
  devices: async () => (await import("./devices.ts")).devicesCommand,
  admin: async () => (await import("./admin.ts")).adminCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
};
