import type { Route } from "@holdfast/protocol/route";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { problem } from "@holdfast/protocol/values";
import { protocolVersion } from "@holdfast/protocol/version";
import { z } from "zod";

type Json = Record<string, unknown>;

export interface OpenApi extends Json {
  readonly openapi: "3.1.0";
  readonly info: {
    readonly title: string;
    readonly version: string;
    /** Of the protocol: the same where clients of the one server get along with the other. */
    readonly "x-protocol-version": number;
    readonly description: string;
  };
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
  readonly components: { readonly schemas: Record<string, Json>; readonly securitySchemes: Json };
}

export interface OpenApiOperation extends Json {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, Json> };
  readonly responses: Record<string, Json>;
  readonly security: readonly Json[];
}

export interface OpenApiParameter extends Json {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: Json;
}

/** The API as OpenAPI 3.1, made from the route table alone, so that it cannot say anything else than what is served. */
export function makeOpenApi(version: string): OpenApi {
  const schemas: Record<string, Json> = {};
  const paths: OpenApi["paths"] = {};
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const path = routeUrl(route).replaceAll(/:([a-z_]+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = describeRoute(name, route, schemas);
  }
  toSchema(problem, "output", schemas);
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version,
      "x-protocol-version": protocolVersion,
      description:
        "A self-hosted drive. JSON in snake_case; errors are RFC 9457 problems; ids are opaque, and `root` stands for the caller's root folder.",
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "an access token or a personal access token" },
      },
    },
  };
}

function describeRoute(name: string, route: Route, schemas: Record<string, Json>): OpenApiOperation {
  const parameters = [
    ...parametersOf(route.params, "path", schemas),
    ...parametersOf(route.query, "query", schemas),
    ...(route.changes === true ? conditionHeaders : []),
  ];
  const requestBody = bodyOf(route, schemas);
  const open = route.access === "open" || route.access === "signed";
  return {
    operationId: name,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, shape]) => [status, answerOf(shape, schemas)] as const),
      ),
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
    security: open ? [] : [{ bearer: [] }],
    "x-scope": route.access,
  };
}

const headerText = { type: "string", maxLength: 4096 };
const conditionHeaders: readonly OpenApiParameter[] = [
  { name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 255 } },
  { name: "If-Match", in: "header", required: false, schema: headerText },
  { name: "If-None-Match", in: "header", required: false, schema: headerText },
];

function parametersOf(
  shape: z.ZodObject | undefined,
  place: "path" | "query",
  schemas: Record<string, Json>,
): readonly OpenApiParameter[] {
  if (shape === undefined) return [];
  return Object.entries(shape.shape).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || !(schema as z.ZodType).safeParse(undefined).success,
    schema: toSchema(schema as z.ZodType, "input", schemas),
  }));
}

const binaryTypes = {
  bytes: ["application/octet-stream"],
  frames: ["application/vnd.holdfast.frames"],
  batch: ["application/vnd.holdfast.batch"],
  json: [],
  none: [],
} as const;

function bodyOf(route: Route, schemas: Record<string, Json>): OpenApiOperation["requestBody"] {
  const content: Record<string, Json> = {};
  if (route.body !== undefined) content["application/json"] = { schema: toSchema(route.body, "input", schemas) };
  for (const type of binaryTypes[route.bodyKind]) content[type] = { schema: {} };
  if (Object.keys(content).length === 0) return undefined;
  return { required: !(route.body?.safeParse(undefined).success ?? false), content };
}

function answerOf(shape: z.ZodType | "bytes" | "empty", schemas: Record<string, Json>): Json {
  if (shape === "empty") return { description: "No content" };
  if (shape === "bytes") return { description: "Bytes", content: { "*/*": { schema: {} } } };
  return { description: "Done", content: { "application/json": { schema: toSchema(shape, "output", schemas) } } };
}

/** Schemas with a name of their own (`meta.id`) go among the components and are referred to. */
function toSchema(schema: z.ZodType, io: "input" | "output", schemas: Record<string, Json>): Json {
  const {
    $schema: _dialect,
    $defs: definitions,
    ...own
  } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  for (const [name, definition] of Object.entries((definitions ?? {}) as Record<string, Json>)) {
    schemas[name] ??= relocate(withoutId(definition)) as Json;
  }
  const id = schema.meta()?.id;
  if (id === undefined) return relocate(own) as Json;
  schemas[id] ??= relocate(withoutId(own)) as Json;
  return { $ref: `#/components/schemas/${id}` };
}

function withoutId({ id: _id, ...rest }: Json): Json {
  return rest;
}

function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === "$ref" && typeof member === "string"
        ? member.replace(/^#\/\$defs\//, "#/components/schemas/")
        : relocate(member),
    ]),
  );
}
