import { newGroup } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { jobsCommand } from "./admin-jobs.ts";
import { rebuildIndexCommand, scrubCommand } from "./admin-store.ts";
import { groupsCommand } from "./admin-groups.ts";
import { plansCommand } from "./admin-plans.ts";
import { usersCommand } from "./admin-users.ts";

export const adminCommand: CommandMaker = (context) =>
  newGroup(
    "admin",
    "Run by an administrator signed in, or with --data DIR on the server's own machine",
    ["admin users ls", "admin scrub --now", "admin users ls --data /srv/holdfast"],
    [
      usersCommand(context),
      groupsCommand(context),
      plansCommand(context),
      scrubCommand(context),
      rebuildIndexCommand(context),
      jobsCommand(context),
    ],
  );
