import { type Column, Listing } from "../output/listing.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import type { Context } from "../output/context.ts";
import { listedBy } from "./listed-by.ts";

export function invitesCommand(context: Context) {
  return newGroup(
    "invites",
    "Unused invitations; create one with 'holdfast admin users invite'",
    ["admin invites ls", "admin invites rm 4f2a…"],
    [list(context), remove(context)],
    list(context),
  );
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "FOR", shortens: true },
  { title: "PLAN" },
  { title: "ENDS", word: "until" },
];

function list(context: Context) {
  const command = newAdminCommand("ls", "List unused invitations, newest first", ["admin invites ls"]);
  return runs<[]>(context, command, async (run, { data }) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const pages = allPages((cursor) =>
      adminCall(run, data, "adminListInvitations", {
        query: { limit: pageItemsMax, ...(cursor === undefined ? {} : { cursor }) },
      }),
    );
    const listing = new Listing(run.output, columns, "There are no invitations.");
    await run.output.listing(pages, (invitations) =>
      listing.lines(
        invitations.map(({ id, email, plan, expires_at }) => [
          id,
          email ?? "anyone with the link",
          plan ?? "",
          `until ${listing.time(expires_at)}`,
        ]),
      ),
    );
  });
}

function remove(context: Context) {
  const command = newAdminCommand("rm", "Revoke an invitation; its link stops working", [
    "admin invites rm 4f2a…",
  ]).argument("<id>", "ID from 'holdfast admin invites ls'");
  return runs<[string]>(context, command, async (run, id, { data }) => {
    await listedBy("admin invites ls", adminCall(run, data, "adminRemoveInvitation", { params: { id } }));
    await run.output.done({ id, removed: true }, () => [`revoked ${id}`]);
  });
}
