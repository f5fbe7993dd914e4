import { newGroup } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { allowAddressesCommand, requireSecondFactorCommand } from "./admin-access-rules.ts";
import { auditCommand } from "./admin-audit.ts";
import { backupCommand, drillCommand, restoreBackupCommand } from "./admin-backup.ts";
import { copiesCommand } from "./admin-copies.ts";
import { jobsCommand } from "./admin-jobs.ts";
import { doctorCommand } from "./admin-doctor.ts";
import { rotateKeysCommand } from "./admin-keys.ts";
import { rebuildCommand } from "./admin-rebuild.ts";
import { gcCommand, rebuildIndexCommand, scrubCommand } from "./admin-store.ts";
import { invitesCommand } from "./admin-invites.ts";
import { oauthClientsCommand } from "./admin-oauth-clients.ts";
import { groupsCommand } from "./admin-groups.ts";
import { plansCommand } from "./admin-plans.ts";
import { devicesAdminCommand } from "./admin-devices.ts";
import { migrateCommand } from "./admin-migrate.ts";
import { reportsCommand } from "./admin-reports.ts";
import { regionCommand } from "./admin-region.ts";
import { shardsCommand } from "./admin-shards.ts";
import { shredCommand } from "./admin-shred.ts";
import { setupLinkCommand } from "./admin-setup-link.ts";
import { unsentLinksCommand } from "./admin-unsent-links.ts";
import { usersCommand } from "./admin-users.ts";
import { upgradeDatabaseCommand } from "./admin-upgrade.ts";

export const adminCommand: CommandMaker = (context) =>
  newGroup(
    "admin",
    "Administration, as a signed-in administrator or with --data DIR on the server itself",
    ["admin users ls", "admin scrub --now", "admin users ls --data /srv/holdfast"],
    [
      usersCommand(context),
      shredCommand(context),
      invitesCommand(context),
      oauthClientsCommand(context),
      groupsCommand(context),
      plansCommand(context),
      requireSecondFactorCommand(context),
      allowAddressesCommand(context),
      gcCommand(context),
      scrubCommand(context),
      rebuildIndexCommand(context),
      rotateKeysCommand(context),
      shardsCommand(context),
      regionCommand(context),
      doctorCommand(context),
      backupCommand(context),
      restoreBackupCommand(context),
      drillCommand(context),
      copiesCommand(context),
      rebuildCommand(context),
      auditCommand(context),
      jobsCommand(context),
      reportsCommand(context),
      devicesAdminCommand(context),
      unsentLinksCommand(context),
      setupLinkCommand(context),
      migrateCommand(context),
      upgradeDatabaseCommand(context),
    ],
  );
