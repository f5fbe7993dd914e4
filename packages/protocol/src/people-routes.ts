import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";
import { page } from "./values.ts";

export const person = z.object({ id: z.string(), name: z.string(), email: z.string() }).meta({ id: "FoundPerson" });

export const peopleRoutes = {
  findPeople: defineRoute({
    method: "GET",
    path: "/users",
    tag: "Sharing",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary:
      "Find people to share with: by exact address, and by name among people with access to your items, in common groups, or everywhere if the directory is open",
    query: z.object({ q: z.string().min(1).max(limits.emailBytesMax) }),
    responses: { 200: page(person) },
  }),
};
