import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { groupRoutes } from "@holdfast/protocol/group-routes";
import type { Route } from "@holdfast/protocol/route";
import { type RouteAnswer, type RouteName, routes } from "@holdfast/protocol/routes";
import { nobody } from "./features/accounts/context/directory.ts";
import { renewSetupToken } from "./features/accounts/invitations/set-up.ts";
import { adminHandlers } from "./roles/admin/admin-handlers.ts";
import { diagnoseWithoutDatabase } from "./roles/admin/diagnose-storage.ts";
import { type AdminStorage, openAdminStorage } from "./care/admin-storage/open-admin-storage.ts";
import { openRecordBeside } from "./roles/admin/record-beside.ts";
import { type Config, readConfig } from "./base/config/read-config.ts";
import type { SchemaMigrations } from "./base/db/migrate-databases.ts";
import { openLog } from "./base/operation/log.ts";
import { migrateStorage } from "./roles/open-storage.ts";
import { notedAddress } from "./base/data-folder/server-notes.ts";
import { validate } from "./edge/exchange/json-body.ts";

export { setupLines } from "./base/operation/setup-lines.ts";

export type AdminRouteName = RouteName & (`admin${string}` | keyof typeof groupRoutes);

/**
 * Runs an administration route directly on the data folder, without a sign-in. Access to the data folder grants administration.
 * The server need not run. If its own database is stopped, it is started and then stopped again.
 * @param request `params`, `query` and `body` of the API call
 * @param environment settings of the server as for `serve` (HOLDFAST_DATABASE_URL, HOLDFAST_STORE, …)
 * @returns the route's JSON answer
 * @throws HoldfastError not_found for a folder without Holdfast data, and errors of the route
 */
export async function runAdmin<Name extends AdminRouteName>(
  dataFolder: string,
  name: Name,
  request: object,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RouteAnswer<(typeof routes)[Name]>> {
  const config = readConfig({ flags: { data: dataFolder }, environment });
  const checked = check(routes[name], request);
  const storage = await openAdminStorage(config).catch((error: unknown) => toHoldfastError(error));
  if (storage instanceof HoldfastError) {
    if (name !== "adminDoctor" || storage.code === "not_found") throw storage;
    return (await diagnoseWithoutDatabase({ config, environment: config.environment }, storage)) as RouteAnswer<
      (typeof routes)[Name]
    >;
  }
  try {
    const handlers = adminHandlers(storage) as Readonly<Record<AdminRouteName, AdminHandler>>;
    const context = {
      ...checked,
      peer: { origin: originOf(config), publicUrl: linkBaseOf(config) },
      caller: localAdministrator,
      conditions: () => ({}),
    };
    const { json } = await recorded(storage, name, checked, () => handlers[name](context));
    return json as RouteAnswer<(typeof routes)[Name]>;
  } finally {
    await storage.close();
  }
}

/**
 * Creates a one-time link to set up the administrator. Older links stop working. The server need not run.
 * @param dataFolder undefined: from the environment, or the platform's default
 * @throws HoldfastError conflict if there is an administrator, not_found for a folder without Holdfast data
 */
export async function renewSetupLink(
  dataFolder: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<{ url: string; expires_at: string }> {
  const config = readConfig({ flags: dataFolder === undefined ? {} : { data: dataFolder }, environment });
  const storage = await openAdminStorage(config);
  try {
    const { token, expiresAtMicros } = await renewSetupToken(storage);
    return { url: `${linkBaseOf(config)}/setup#${token}`, expires_at: formatTime(expiresAtMicros) };
  } finally {
    await storage.close();
  }
}

/**
 * `holdfast admin migrate`: migrates external databases, also while servers of the previous version use them. Logs to stderr.
 * @param flags `config`, `data`
 * @returns missing migrations, which were applied unless `isDry`
 */
export async function runMigrations(
  flags: Readonly<Record<string, string | undefined>>,
  isDry: boolean,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<readonly SchemaMigrations[]> {
  const config = readConfig({ flags, environment });
  return migrateStorage(config, openLog(config.logLevel), isDry);
}

/** A server started with other flags writes its address to the data folder. */
function linkBaseOf(config: Config): string {
  return config.publicUrl ?? notedAddress(config.dataFolder) ?? originOf(config);
}

function originOf({ listen: { host, port }, tls }: Config): string {
  return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function recorded(
  storage: AdminStorage,
  name: AdminRouteName,
  checked: Checked,
  work: () => Promise<HandlerAnswer>,
) {
  const record = await openRecordBeside(storage, name, checked);
  try {
    const answer = await work();
    await record?.(answer);
    return answer;
  } catch (error) {
    const { code, status } = toHoldfastError(error);
    await record?.({ code, status });
    throw error;
  }
}

/** Caller with access to the data folder. It has no account, so its objects belong to the first bucket. */
const localAdministrator = {
  userId: nobody,
  spaceId: nobody,
  bucket: toBucket(0),
  admin: true,
  scopes: new Set(["admin"]),
};

/** Handler as the HTTP layer calls it. Each handler reads its own route's part of the context. */
type AdminHandler = (context: unknown) => Promise<HandlerAnswer>;

interface HandlerAnswer {
  readonly status: number;
  readonly json?: unknown;
}

type Checked = ReturnType<typeof check>;

function check(route: Route, request: { params?: unknown; query?: unknown; body?: unknown }) {
  const { params, query = {}, body } = request;
  return {
    params: route.params === undefined ? undefined : validate(route.params, params, "path"),
    query: route.query === undefined ? {} : validate(route.query, query, "query"),
    body: route.body === undefined ? undefined : validate(route.body, body, "body"),
  };
}
