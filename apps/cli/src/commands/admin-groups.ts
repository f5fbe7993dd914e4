import { HoldfastError } from "@holdfast/core/errors";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { type Column, Listing } from "../output/listing.ts";
import { formatNumber } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { checkTitle, newGroup, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { onlyGroup } from "./only-group.ts";

export function groupsCommand(context: Context) {
  return newGroup(
    "groups",
    "Groups to share with; managers of a group can change it too",
    ["admin groups create Choir", "admin groups add Choir ann@example.org --manager", "admin groups plan Choir plus"],
    [
      list(context),
      create(context),
      rename(context),
      plan(context),
      remove(context),
      addMember(context),
      removeMember(context),
      members(context),
    ],
    list(context),
  );
}

const groupArgument = ["<group>", "name or ID"] as const;
const personArgument = ["<person>", "e-mail address or ID"] as const;

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", shortens: true },
  { title: "MEMBERS", right: true, word: "members" },
  { title: "YOU ARE" },
  { title: "PLAN" },
];

const memberColumns: readonly Column[] = [
  { title: "EMAIL" },
  { title: "NAME", shortens: true },
  { title: "ROLE" },
  { title: "STATE" },
];

function list(context: Context) {
  const command = newAdminCommand("ls", "List the groups", ["admin groups ls"]);
  return runs<[]>(context, command, async (run, { data }) => {
    const listing = new Listing(run.output, columns, "There are no groups.");
    await run.output.listing(await groupPages(run, data), (groups) =>
      listing.lines(
        groups.map((group) => [
          group.id,
          group.name,
          `${formatNumber(group.members)} members`,
          group.role ?? "",
          group.plan ?? "",
        ]),
      ),
    );
  });
}

function create(context: Context) {
  const command = newAdminCommand("create", "Create a group", ["admin groups create Choir"]).argument("<name>");
  return runs<[string]>(context, command, async (run, name, { data }) => {
    const body = { name: checkTitle(name, "The name") };
    const group = await adminCall(run, data, "createGroup", { body });
    await run.output.done(group, () => [`created ${group.name} (${group.id})`]);
  });
}

function rename(context: Context) {
  const command = newAdminCommand("rename", "Rename a group", ["admin groups rename Choir 'Big choir'"])
    .argument(...groupArgument)
    .argument("<name>", "new name");
  return runs<[string, string]>(context, command, async (run, which, name, { data }) => {
    const { id } = await findGroup(run, data, which);
    const body = { name: checkTitle(name, "The name") };
    const group = await adminCall(run, data, "updateGroup", { params: { id }, body });
    await run.output.done(group, () => [`renamed to ${group.name}`]);
  });
}

function plan(context: Context) {
  const command = newAdminCommand("plan", "Give the members of a group the quota of a plan, if theirs is smaller", [
    "admin groups plan Choir plus",
    "admin groups plan Choir --none",
  ])
    .argument(...groupArgument)
    .argument("[plan]", "plan from 'holdfast admin plans'")
    .option("--none", "remove the plan of the group");
  return runs<[string, string | undefined]>(context, command, async (run, which, name, { data, none }) => {
    if ((name === undefined) !== (none === true)) throw usage("Specify a plan, or use --none.");
    const { id } = await findGroup(run, data, which);
    const group = await adminCall(run, data, "updateGroup", { params: { id }, body: { plan: name ?? null } });
    await run.output.done(group, () => [
      group.plan === null
        ? `${group.name} has no plan`
        : `the members of ${group.name} also have the plan ${group.plan}`,
    ]);
  });
}

function remove(context: Context) {
  const command = newAdminCommand("rm", "Delete a group; its members lose access to everything shared with it", [
    "admin groups rm Choir",
  ]).argument(...groupArgument);
  return runs<[string]>(context, command, async (run, which, { data }) => {
    const { id, name } = await findGroup(run, data, which);
    await adminCall(run, data, "deleteGroup", { params: { id } });
    await run.output.done({ id, deleted: true }, () => [`deleted ${name}`]);
  });
}

function addMember(context: Context) {
  const command = newAdminCommand("add", "Add a member or change the member's role", [
    "admin groups add Choir ann@example.org",
    "admin groups add Choir ann@example.org --manager",
  ])
    .argument(...groupArgument)
    .argument(...personArgument)
    .option("--manager", "make the member a manager of the group");
  return runs<[string, string]>(context, command, async (run, which, person, { data, manager }) => {
    const { id, name } = await findGroup(run, data, which);
    const params = { id, user_id: await findPerson(run, data, person) };
    const body = { role: manager === true ? ("manager" as const) : ("member" as const) };
    const member = await adminCall(run, data, "setGroupMember", { params, body });
    await run.output.done(member, () => [`${member.email} is a ${member.role} of ${name}`]);
  });
}

function removeMember(context: Context) {
  const command = newAdminCommand("remove", "Remove a member immediately", [
    "admin groups remove Choir ann@example.org",
  ])
    .argument(...groupArgument)
    .argument(...personArgument);
  return runs<[string, string]>(context, command, async (run, which, person, { data }) => {
    const { id, name } = await findGroup(run, data, which);
    const userId = await findMember(run, data, id, person);
    await adminCall(run, data, "removeGroupMember", { params: { id, user_id: userId } });
    await run.output.done({ id, user_id: userId, removed: true }, () => [`${person} is no longer in ${name}`]);
  });
}

function members(context: Context) {
  const command = newAdminCommand("members", "List the members of a group", ["admin groups members Choir"]).argument(
    ...groupArgument,
  );
  return runs<[string]>(context, command, async (run, which, { data }) => {
    const { id } = await findGroup(run, data, which);
    const listing = new Listing(run.output, memberColumns, "The group has no members.");
    await run.output.listing(await memberPages(run, data, id), (page) =>
      listing.lines(page.map((member) => [member.email, member.name, member.role, member.disabled ? "disabled" : ""])),
    );
  });
}

async function groupPages(run: Run, data: unknown) {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  return allPages((cursor) =>
    adminCall(run, data, "listGroups", { query: { limit: pageItemsMax, ...(cursor === undefined ? {} : { cursor }) } }),
  );
}

async function memberPages(run: Run, data: unknown, id: string) {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  return allPages((cursor) =>
    adminCall(run, data, "listGroupMembers", {
      params: { id },
      query: { limit: pageItemsMax, ...(cursor === undefined ? {} : { cursor }) },
    }),
  );
}

/** @throws HoldfastError not_found; conflict if several groups have the name */
export async function findGroup(run: Run, data: unknown, nameOrId: string): Promise<GroupJson> {
  const all: GroupJson[] = [];
  for await (const groups of await groupPages(run, data)) all.push(...groups);
  const group = onlyGroup(all, nameOrId);
  if (group === undefined) throw new HoldfastError("not_found", `There is no group ${nameOrId}.`);
  return group;
}

/** Returns the id of a person whom the caller can find, otherwise the address, which only administrators may use. */
async function findPerson(run: Run, data: unknown, person: string): Promise<string> {
  if (!person.includes("@") || typeof data === "string") return person;
  const { client } = await run.connect();
  const found = await client.call("findPeople", { query: { q: person } });
  return found.items[0]?.id ?? person;
}

/** Searches the group's own list, which includes suspended accounts. */
async function findMember(run: Run, data: unknown, id: string, person: string): Promise<string> {
  const wanted = person.trim().toLowerCase();
  for await (const page of await memberPages(run, data, id)) {
    const member = page.find((each) => each.user_id === person || each.email.toLowerCase() === wanted);
    if (member !== undefined) return member.user_id;
  }
  throw new HoldfastError("not_found", `${person} is not in this group.`);
}
