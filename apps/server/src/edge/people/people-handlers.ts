import { findPeople, type PeopleWorld } from "../../features/people/find-people.ts";
import type { Handlers } from "../exchange/handler.ts";

export function peopleHandlers(world: PeopleWorld) {
  return {
    findPeople: async ({ caller, query }) => ({
      status: 200,
      json: { items: await findPeople(world, caller, query.q), next_cursor: null },
    }),
  } satisfies Handlers;
}
