import type { AccessRuleJson } from "@holdfast/protocol/access-rule-routes";
import { type Column, endFor, Listing } from "../output/listing.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { findGroup } from "./admin-groups.ts";
import { runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { parseDuration } from "./duration.ts";

interface Options {
  readonly data?: string;
  readonly group?: string;
  readonly user?: string;
  readonly grace?: string;
  readonly anywhere?: boolean;
}

export function requireSecondFactorCommand(context: Context) {
  const command = withSubject(
    newAdminCommand("require-second-factor", "Show or set which accounts require a second factor", [
      "admin require-second-factor",
      "admin require-second-factor on --grace 14d",
      "admin require-second-factor on --group Office",
      "admin require-second-factor off --user ann@example.org",
    ]),
  )
    .argument("[state]", "on or off")
    .option("--grace <duration>", "grace period for people without a second factor: 12h, 14d, 4w");
  return runs<[string | undefined]>(context, command, async (run, state, options: Options) => {
    if (state === undefined) return list(run, options, factorColumns, factorCells);
    if (state !== "on" && state !== "off") throw usage(`Specify on or off, not ${state}.`);
    if (state === "off" && options.grace !== undefined) throw usage("--grace can only be used with on.");
    const ms = options.grace === undefined ? 0 : parseDuration(options.grace);
    if (ms === undefined) throw usage(`${options.grace} is not a duration. Use a value such as 12h, 14d or 4w.`);
    const second_factor = { required: state === "on", ...(state === "on" ? { grace_seconds: ms / 1000 } : {}) };
    const body = { ...(await subjectOf(run, options)), second_factor };
    const rule = await adminCall(run, options.data, "adminChangeAccessRule", { body });
    const due = rule.second_factor_due_at;
    await run.output.done(rule, () => [
      due === null
        ? `${nameOf(rule)} no longer needs a second factor under this rule.`
        : `${nameOf(rule)} must have a second factor from ${endFor(run.output, due)}. From then on, an account without one can only set one up.`,
    ]);
  });
}

export function allowAddressesCommand(context: Context) {
  const command = withSubject(
    newAdminCommand("allow-addresses", "Show or set the networks from which accounts can be used", [
      "admin allow-addresses",
      "admin allow-addresses 192.0.2.0/24 2001:db8::/32 --group Office",
      "admin allow-addresses --anywhere --user ann@example.org",
    ]),
  )
    .argument("[networks...]", "addresses and networks, replacing the current ones")
    .option("--anywhere", "remove the limit; for an account, also its own limit");
  return runs<[string[]]>(context, command, async (run, networks, options: Options) => {
    const anywhere = options.anywhere === true;
    if (networks.length === 0 && !anywhere) return list(run, options, addressColumns, addressCells);
    if (networks.length > 0 && anywhere) throw usage("Specify networks, or --anywhere.");
    const body = { ...(await subjectOf(run, options)), addresses: networks };
    const rule = await adminCall(run, options.data, "adminChangeAccessRule", { body });
    await run.output.done(rule, () => [
      anywhere
        ? `${nameOf(rule)} can be used from any network under this rule.`
        : `${nameOf(rule)} can only be used from ${rule.addresses.join(", ")}.`,
    ]);
  });
}

function withSubject(command: ReturnType<typeof newAdminCommand>) {
  return command
    .option("--group <group>", "name or ID of a group; without --group and --user, the whole server")
    .option("--user <email>", "e-mail address of the account");
}

async function subjectOf(run: Run, { group, user, data }: Options) {
  if (group !== undefined && user !== undefined) throw usage("Use --group or --user, not both.");
  if (group !== undefined) return { group_id: (await findGroup(run, data, group)).id };
  return user === undefined ? {} : { user };
}

const factorColumns: readonly Column[] = [{ title: "OF" }, { title: "NAME" }, { title: "MUST HAVE ONE FROM" }];
const addressColumns: readonly Column[] = [{ title: "OF" }, { title: "NAME" }, { title: "MAY COME FROM" }];

function factorCells({ second_factor_due_at: due }: AccessRuleJson, listing: Listing): string[] | undefined {
  return due === null ? undefined : [listing.time(due)];
}

function addressCells({ addresses, own_addresses: own }: AccessRuleJson): string[] | undefined {
  if (addresses.length === 0 && own.length === 0) return undefined;
  const said = addresses.length === 0 ? [] : [addresses.join(" ")];
  return [[...said, ...(own.length === 0 ? [] : [`set by the account: ${own.join(" ")}`])].join("; ")];
}

async function list(
  run: Run,
  { data }: Options,
  columns: readonly Column[],
  cellsOf: (rule: AccessRuleJson, listing: Listing) => string[] | undefined,
): Promise<void> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  const pages = allPages((cursor) =>
    adminCall(run, data, "adminListAccessRules", {
      query: { limit: pageItemsMax, ...(cursor === undefined ? {} : { cursor }) },
    }),
  );
  const listing = new Listing(run.output, columns, "There are no access rules.");
  await run.output.listing(pages, (rules) =>
    listing.lines(
      rules.flatMap((rule) => {
        const cells = cellsOf(rule, listing);
        return cells === undefined ? [] : [[rule.of, rule.name ?? "", ...cells]];
      }),
    ),
  );
}

function nameOf({ of, name }: AccessRuleJson): string {
  if (of === "server") return "Every account";
  return of === "group" ? `Every account in ${name ?? "the group"}` : (name ?? "The account");
}
