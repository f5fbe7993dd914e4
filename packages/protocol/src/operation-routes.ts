import { z } from "zod";
import { defineRoute } from "./route.ts";

/** Roles of a server process. Several processes can share the roles of one service. */
export const serverRoles = ["api", "blocks", "notify", "worker"] as const;
export type ServerRole = (typeof serverRoles)[number];

const health = z.object({
  status: z.enum(["ok", "unavailable"]),
  checks: z.record(z.string(), z.string()).optional(),
  roles: z.array(z.string()).optional().describe("roles of this process, if it does not run all of them"),
});

/** Routes for operators and monitoring. All except the API description are outside of /api/v1. */
export const operationRoutes = {
  live: defineRoute({
    method: "GET",
    path: "/healthz",
    tag: "Server",
    outside: true,
    probe: true,
    access: "open",
    role: "any",
    cost: "call",
    bodyKind: "none",
    summary: "Report that the process is running",
    responses: { 200: health },
  }),
  ready: defineRoute({
    method: "GET",
    path: "/readyz",
    tag: "Server",
    outside: true,
    probe: true,
    access: "open",
    role: "any",
    cost: "call",
    bodyKind: "none",
    query: z.object({
      role: z.enum(serverRoles).optional().describe("also fails if this process does not have the role"),
    }),
    summary:
      "Report whether requests can be served: database and store answer; details only to a loopback peer or an administrator",
    responses: { 200: health, 503: health },
  }),
  metrics: defineRoute({
    method: "GET",
    path: "/metrics",
    tag: "Server",
    outside: true,
    probe: true,
    access: "open",
    role: "any",
    cost: "call",
    bodyKind: "none",
    summary: "Get Prometheus metrics, as a loopback peer or an administrator",
    responses: { 200: "bytes" },
  }),
  openapi: defineRoute({
    method: "GET",
    path: "/api/openapi.json",
    tag: "Server",
    outside: true,
    access: "open",
    cost: "call",
    bodyKind: "none",
    summary: "Get the OpenAPI description of this API",
    responses: { 200: z.unknown() },
  }),
  docs: defineRoute({
    method: "GET",
    path: "/api/docs",
    tag: "Server",
    outside: true,
    access: "open",
    cost: "call",
    bodyKind: "none",
    summary: "Show this API as a page",
    responses: { 200: "bytes" },
  }),
  home: defineRoute({
    method: "GET",
    path: "/",
    tag: "Server",
    outside: true,
    access: "open",
    cost: "call",
    bodyKind: "none",
    summary: "Open the web app",
    responses: { 200: "bytes", 304: "empty" },
  }),
  reportPolicy: defineRoute({
    method: "POST",
    path: "/csp-reports",
    tag: "Server",
    access: "open",
    cost: "call",
    bodyKind: "bytes",
    summary: "Receive reports of what a browser blocked on a page of this server (report-uri, Reporting API)",
    responses: { 204: "empty" },
  }),
  setupPage: defineRoute({
    method: "GET",
    path: "/setup",
    tag: "Server",
    outside: true,
    access: "open",
    cost: "call",
    bodyKind: "none",
    summary: "Open the page of the app for set-up links, invitations and links that confirm an address",
    responses: { 200: "bytes", 304: "empty" },
  }),
};
