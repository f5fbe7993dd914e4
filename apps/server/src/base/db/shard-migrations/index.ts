import type { MigrationSet } from "../migrate.ts";
import * as accounts from "./010-accounts.ts";
import * as spacesAndNodes from "./020-spaces-and-nodes.ts";
import * as expiryAndResults from "./030-expiry-and-results.ts";
import * as countedBlocks from "./040-counted-blocks.ts";
import * as countedTails from "./050-counted-tails.ts";
import * as weights from "./060-weights.ts";
import * as reach from "./070-reach.ts";
import * as tokenMakers from "./080-token-makers.ts";
import * as grants from "./090-grants.ts";
import * as messages from "./091-messages.ts";
import * as versionLabels from "./092-version-labels.ts";
import * as rewinds from "./093-rewinds.ts";
import * as plans from "./094-plans.ts";
import * as groups from "./095-groups.ts";
import * as mail from "./096-mail.ts";
import * as stars from "./097-stars.ts";
import * as activity from "./098-activity.ts";
import * as webhooks from "./099-webhooks.ts";
import * as linkDownloads from "./100-link-downloads.ts";
import * as transfers from "./101-transfers.ts";
import * as reports from "./102-reports.ts";
import * as privateEntries from "./103-private-entries.ts";
import * as childrenByFolder from "./104-children-by-folder.ts";
import * as groupPlans from "./106-group-plans.ts";
import * as shareMessages from "./106-share-messages.ts";
import * as browsers from "./107-browsers.ts";
import * as nameOrderAndSearch from "./108-name-order-and-search.ts";
import * as contentOfThumbs from "./110-content-of-thumbs.ts";
import * as newestInvitations from "./111-newest-invitations.ts";
import * as unreferencedBlocks from "./112-unreferenced-blocks.ts";
import * as shreddings from "./115-shreddings.ts";
import * as suspensions from "./116-suspensions.ts";
import * as serverFindings from "./117-server-findings.ts";
import * as approvedDeletions from "./118-approved-deletions.ts";
import * as secondFactors from "./119-second-factors.ts";
import * as passwordResets from "./120-password-resets.ts";
import * as appPasswords from "./121-app-passwords.ts";
import * as passkeys from "./122-passkeys.ts";
import * as oauth from "./123-oauth.ts";
import * as leaving from "./124-leaving.ts";
import * as devices from "./125-devices.ts";
import * as accessRules from "./127-access-rules.ts";
import * as outsideIdentities from "./129-outside-identities.ts";
import * as mounters from "./130-mounters.ts";
import * as invitationsOfShares from "./131-invitations-of-shares.ts";
import * as makersOfWebhooks from "./132-makers-of-webhooks.ts";
import * as ldap from "./134-ldap.ts";
import * as provisioned from "./136-provisioned.ts";
import * as provenSessions from "./137-proven-sessions.ts";
import * as signOutAddresses from "./138-sign-out-addresses.ts";
import * as unknownPasswords from "./139-unknown-passwords.ts";
import * as nextAddresses from "./145-next-addresses.ts";
import * as forgottenDevices from "./179-forgotten-devices.ts";
import * as provisionedSuspensions from "./180-provisioned-suspensions.ts";
import * as addressesBySystems from "./182-addresses-by-systems.ts";
import * as filesByOldVersions from "./183-files-by-old-versions.ts";
import * as formerDevices from "./184-former-devices.ts";
import * as datesOfVersions from "./185-dates-of-versions.ts";
import * as privateNodes from "./186-private-nodes.ts";
import * as makersOfLabels from "./187-makers-of-labels.ts";
import * as usesOfLinks from "./188-uses-of-links.ts";
import * as beginningsOfNames from "./189-beginnings-of-names.ts";
import * as listsOfZips from "./190-lists-of-zips.ts";
import * as audit from "./113-audit.ts";

/** Databases record these names, so they must not change after a release. */
export const shardMigrations: MigrationSet = {
  schema: "shard",
  migrations: {
    "010-accounts": { up: accounts.up },
    "020-spaces-and-nodes": { up: spacesAndNodes.up },
    "030-expiry-and-results": { up: expiryAndResults.up },
    "040-counted-blocks": { up: countedBlocks.up },
    "050-counted-tails": { up: countedTails.up },
    "060-weights": { up: weights.up },
    "070-reach": { up: reach.up },
    "080-token-makers": { up: tokenMakers.up },
    "090-grants": { up: grants.up },
    "091-messages": { up: messages.up },
    "092-version-labels": { up: versionLabels.up },
    "093-rewinds": { up: rewinds.up },
    "094-plans": { up: plans.up },
    "095-groups": { up: groups.up },
    "096-mail": { up: mail.up },
    "097-stars": { up: stars.up },
    "098-activity": { up: activity.up },
    "099-webhooks": { up: webhooks.up },
    "100-link-downloads": { up: linkDownloads.up },
    "101-transfers": { up: transfers.up },
    "102-reports": { up: reports.up },
    "103-private-entries": { up: privateEntries.up },
    "104-children-by-folder": { up: childrenByFolder.up },
    "106-group-plans": { up: groupPlans.up },
    "106-share-messages": { up: shareMessages.up },
    "107-browsers": { up: browsers.up },
    "108-name-order-and-search": { up: nameOrderAndSearch.up },
    "110-content-of-thumbs": { up: contentOfThumbs.up },
    "111-newest-invitations": { up: newestInvitations.up },
    "112-unreferenced-blocks": { up: unreferencedBlocks.up },
    "113-audit": { up: audit.up },
    "115-shreddings": { up: shreddings.up },
    "116-suspensions": { up: suspensions.up },
    "117-server-findings": { up: serverFindings.up },
    "118-approved-deletions": { up: approvedDeletions.up },
    "119-second-factors": { up: secondFactors.up },
    "120-password-resets": { up: passwordResets.up },
    "121-app-passwords": { up: appPasswords.up },
    "122-passkeys": { up: passkeys.up },
    "123-oauth": { up: oauth.up },
    "124-leaving": { up: leaving.up },
    "125-devices": { up: devices.up },
    "127-access-rules": { up: accessRules.up },
    "129-outside-identities": { up: outsideIdentities.up },
    "130-mounters": { up: mounters.up },
    "131-invitations-of-shares": { up: invitationsOfShares.up },
    "132-makers-of-webhooks": { up: makersOfWebhooks.up },
    "134-ldap": { up: ldap.up },
    "136-provisioned": { up: provisioned.up },
    "137-proven-sessions": { up: provenSessions.up },
    "138-sign-out-addresses": { up: signOutAddresses.up },
    "139-unknown-passwords": { up: unknownPasswords.up },
    "145-next-addresses": { up: nextAddresses.up },
    "179-forgotten-devices": { up: forgottenDevices.up },
    "180-provisioned-suspensions": { up: provisionedSuspensions.up },
    "182-addresses-by-systems": { up: addressesBySystems.up },
    "183-files-by-old-versions": { up: filesByOldVersions.up },
    "184-former-devices": { up: formerDevices.up },
    "185-dates-of-versions": { up: datesOfVersions.up },
    "186-private-nodes": { up: privateNodes.up },
    "187-makers-of-labels": { up: makersOfLabels.up },
    "188-uses-of-links": { up: usesOfLinks.up },
    "189-beginnings-of-names": { up: beginningsOfNames.up },
    "190-lists-of-zips": { up: listsOfZips.up },
  },
};
