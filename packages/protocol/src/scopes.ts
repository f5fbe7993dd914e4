import { type Scope, scope } from "./account-routes.ts";
import type { z } from "zod";

/** Scopes of programs that people sign in to. An identity system uses a personal access token. */
export const programScope = scope.exclude(["scim"]);
export type ProgramScope = z.output<typeof programScope>;

/** Scopes that require an administrator. */
export const administratorScopes: ReadonlySet<Scope> = new Set(["admin", "scim"]);
