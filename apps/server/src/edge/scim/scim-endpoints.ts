import { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import { z } from "zod";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { isByToken } from "../../features/accounts/callers/signed-in-only.ts";
import { resourceTypes, schemas, serviceProviderConfig } from "../../features/scim/descriptions.ts";
import {
  changeScimGroup,
  createScimGroup,
  deleteScimGroup,
  getScimGroup,
  listScimGroups,
} from "../../features/scim/groups.ts";
import { groupBody, groupWishOf, groupWishOfPatch } from "../../features/scim/read-group.ts";
import { patchBody, userBody, wishOf, wishOfPatch } from "../../features/scim/read-user.ts";
import type { ListQuery, ScimCall, ScimWorld } from "../../features/scim/scim-world.ts";
import {
  changeScimUser,
  createScimUser,
  deleteScimUser,
  getScimUser,
  listScimUsers,
} from "../../features/scim/users.ts";
import type { LooseAnswer } from "../exchange/answer.ts";
import type { LooseHandler, Mounted } from "../exchange/mounted.ts";
import type { RequestContext } from "../exchange/handler.ts";
import type { AuditFacts, AuditRule } from "../route-audit.ts";
import { scimType, toScimProblem } from "./scim-problem.ts";

interface Asked<Body> extends Pick<RequestContext, "peer" | "owe" | "note"> {
  readonly caller: Caller;
  readonly params: { readonly id?: string } | undefined;
  readonly query: ListQuery;
  readonly body: Body;
}

interface Endpoint<Body> {
  readonly method: Route["method"];
  /** Path below /scim/v2. */
  readonly path: string;
  readonly audit: AuditRule;
  readonly body?: z.ZodType<Body>;
  readonly longLists?: true;
  readonly answer: (call: ScimCall, asked: Asked<Body> & { readonly id: string }) => Promise<LooseAnswer> | LooseAnswer;
}

const idParams = z.object({ id: z.string().min(1).max(200) });
const whole = z
  .string()
  .regex(/^-?\d{1,9}$/, "is not a whole number")
  .transform(Number);
const listQuery = z.object({
  filter: z.string().max(4096).optional(),
  startIndex: whole.optional(),
  count: whole.optional(),
  excludedAttributes: z.string().max(1000).optional(),
});

/** Records the interface. Entries of our own API name none. */
const byScim = () => ({ by: "scim" });
const target = { id: "target", detail: byScim } as const;
const found = ({ json }: AuditFacts) => json["totalResults"];
const read = (action: string): AuditRule => ({ action, ...target, repeats: true });
const list = (action: string): AuditRule => ({ action, detail: byScim, count: found, repeats: true });
const decide = (action: string): AuditRule => ({ action, durable: true, ...target });

/**
 * RFC 7643 and 7644, outside the route table. Tokens, scopes, limits, audit, log and metrics work as for other routes.
 */
export function scimEndpoints(world: ScimWorld): Mounted[] {
  return [...descriptionEndpoints(), ...userEndpoints(world), ...groupEndpoints(world)];
}

function descriptionEndpoints(): Mounted[] {
  const describe = (path: string, say: (publicUrl: string, id?: string) => object): Mounted =>
    mounted({
      method: "GET",
      path,
      audit: { action: "scim.describe", repeats: true },
      answer: ({ publicUrl }, { params }) => ok(say(publicUrl, params?.id)),
    });
  return [
    describe("/ServiceProviderConfig", serviceProviderConfig),
    describe("/ResourceTypes", resourceTypes),
    describe("/ResourceTypes/:id", resourceTypes),
    describe("/Schemas", schemas),
    describe("/Schemas/:id", schemas),
  ];
}

function userEndpoints(world: ScimWorld): Mounted[] {
  return [
    mounted({
      method: "POST",
      path: "/Users",
      audit: decide("user.create"),
      body: userBody,
      answer: async (call, { body }) => made(await createScimUser(world, call, wishOf(body))),
    }),
    mounted({
      method: "GET",
      path: "/Users",
      audit: list("user.list"),
      answer: async (call, { query }) => ok(await listScimUsers(world, call, query)),
    }),
    mounted({
      method: "GET",
      path: "/Users/:id",
      audit: read("user.read"),
      answer: async (call, { id }) => ok(await getScimUser(world, call, id)),
    }),
    mounted({
      method: "PUT",
      path: "/Users/:id",
      audit: { ...decide("user.change"), detail: changedUser },
      body: userBody,
      answer: async (call, { id, body }) => ok(await changeScimUser(world, call, id, wishOf(body))),
    }),
    mounted({
      method: "PATCH",
      path: "/Users/:id",
      audit: { ...decide("user.change"), detail: changedUser },
      body: patchBody,
      answer: async (call, { id, body }) => ok(await changeScimUser(world, call, id, wishOfPatch(body))),
    }),
    mounted({
      method: "DELETE",
      path: "/Users/:id",
      audit: decide("user.remove"),
      answer: async (_call, { id }) => {
        await deleteScimUser(world, id);
        return { status: 204 };
      },
    }),
  ];
}

/** State of the account after the request. */
function changedUser({ json }: AuditFacts) {
  return { by: "scim", ...(typeof json["active"] === "boolean" ? { disabled: !json["active"] } : {}) };
}

function groupEndpoints(world: ScimWorld): Mounted[] {
  return [
    mounted({
      method: "POST",
      path: "/Groups",
      audit: decide("group.create"),
      body: groupBody,
      answer: async (call, { body }) => made(await createScimGroup(world, call, groupWishOf(body))),
    }),
    mounted({
      method: "GET",
      path: "/Groups",
      audit: list("group.list"),
      answer: async (call, { query }) => ok(await listScimGroups(world, call, query)),
    }),
    mounted({
      method: "GET",
      path: "/Groups/:id",
      audit: read("group.members"),
      answer: async (call, { id, query }) => ok(await getScimGroup(world, call, id, query)),
    }),
    mounted({
      method: "PUT",
      path: "/Groups/:id",
      audit: decide("group.change"),
      body: groupBody,
      longLists: true,
      answer: async (call, { id, body, query }) => {
        await changeScimGroup(world, call, id, groupWishOf(body));
        return ok(await getScimGroup(world, call, id, query));
      },
    }),
    mounted({
      method: "PATCH",
      path: "/Groups/:id",
      audit: decide("group.change"),
      body: patchBody,
      answer: async (call, { id, body }) => {
        await changeScimGroup(world, call, id, groupWishOfPatch(body));
        return { status: 204 };
      },
    }),
    mounted({
      method: "DELETE",
      path: "/Groups/:id",
      audit: decide("group.delete"),
      answer: async (call, { id }) => {
        await deleteScimGroup(world, call, id);
        return { status: 204 };
      },
    }),
  ];
}

function mounted<Body>({ method, path, audit, body, longLists, answer }: Endpoint<Body>): Mounted {
  const route: Route = {
    method,
    path: `/scim/v2${path}`,
    outside: true,
    access: "scim",
    summary: "",
    cost: "call",
    ...(path.endsWith(":id") ? { params: idParams } : {}),
    query: listQuery,
    bodyKind: body === undefined ? "none" : "json",
    ...(body === undefined ? {} : { body }),
    ...(longLists === true ? { longLists } : {}),
    responses: {},
  };
  const handler = ((asked: Asked<Body>) => {
    assertToken(asked.caller);
    const { caller, peer, owe, note, params } = asked;
    const call = { caller, publicUrl: peer.publicUrl, owe, note };
    return answer(call, { ...pick(asked), id: params?.id ?? "" });
  }) as LooseHandler;
  return { route, handler, audit, problem: toScimProblem };
}

/** Copies members, because the context of a request is not a plain object. */
function pick<Body>({ caller, params, query, body, peer, owe, note }: Asked<Body>): Asked<Body> {
  return { caller, params, query, body, peer, owe, note };
}

/** Only identity systems use SCIM, so a session is rejected. */
function assertToken(caller: Caller): void {
  if (isByToken(caller)) return;
  throw new HoldfastError("forbidden", "SCIM requires a personal access token with the scope scim, not a session.");
}

function ok(json: object): LooseAnswer {
  return { status: 200, json, headers: { "content-type": scimType } };
}

function made(json: object): LooseAnswer {
  const { location } = (json as { readonly meta: { readonly location: string } }).meta;
  return { status: 201, json, headers: { "content-type": scimType, location } };
}
