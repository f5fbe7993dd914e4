import type { Route } from "@holdfast/protocol/route";
import { routeTags } from "@holdfast/protocol/route-tags";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { problem } from "@holdfast/protocol/values";
import { protocolVersion } from "@holdfast/protocol/version";
import { z } from "zod";
import { exampleOf } from "./example-values.ts";
import { conditionHeaders, parameterWords } from "./parameter-words.ts";
import { errorsByStatus } from "./route-errors.ts";

type Json = Record<string, unknown>;

export interface OpenApi extends Json {
  readonly openapi: "3.1.0";
  readonly info: {
    readonly title: string;
    readonly version: string;
    /** Clients work with servers of the same version. */
    readonly "x-protocol-version": number;
    readonly description: string;
    readonly license: Json;
  };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
  readonly components: {
    readonly schemas: Record<string, Json>;
    readonly responses: Record<string, Json>;
    readonly securitySchemes: Json;
  };
}

export interface OpenApiOperation extends Json {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, Json> };
  readonly responses: Record<string, Json>;
  readonly security: readonly Json[];
}

export interface OpenApiParameter extends Json {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Json;
}

/** OpenAPI 3.1 document, made only from the route table, so that it matches the server. */
export function makeOpenApi(version: string): OpenApi {
  const schemas: Record<string, Json> = {};
  const responses: Record<string, Json> = {};
  const paths: OpenApi["paths"] = {};
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const path = routeUrl(route).replaceAll(/:([a-z_]+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = describeRoute(name, route, { schemas, responses });
  }
  toSchema(problem, "output", schemas);
  giveExamples({ schemas, paths });
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version,
      "x-protocol-version": protocolVersion,
      description:
        "A self-hosted drive. JSON in snake_case; errors are RFC 9457 problems; IDs are opaque, and `root` is the caller's root folder.",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "this server" }],
    tags: Object.entries(routeTags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      responses,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "An access token of a session, or a personal access token: the text alone, without the word Bearer.",
        },
      },
    },
  };
}

interface Shared {
  readonly schemas: Record<string, Json>;
  readonly responses: Record<string, Json>;
}

function describeRoute(name: string, route: Route, { schemas, responses }: Shared): OpenApiOperation {
  const parameters = [
    ...parametersOf(route, "path", schemas),
    ...parametersOf(route, "query", schemas),
    ...(route.changes === true ? conditionHeaders() : []),
  ];
  const requestBody = bodyOf(route, schemas);
  const open = route.access === "open" || route.access === "signed";
  return {
    operationId: name,
    summary: route.summary,
    tags: route.tag === undefined ? [] : [route.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      ...problemsOf(route, responses),
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, shape]) => [status, answerOf(shape, schemas)] as const),
      ),
      default: {
        description: "Any other problem",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
    security: open ? [] : [{ bearer: [] }],
    "x-scope": route.access,
  };
}

/** Each kind of problem is once in the components. */
function problemsOf(route: Route, responses: Record<string, Json>): Record<string, Json> {
  const entries = [...errorsByStatus(route)].map(([status, codes]) => {
    const name = codes.join(".");
    responses[name] ??= {
      description: codes.map((code) => `[\`${code}\`](/api/docs#${code})`).join(", "),
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    };
    return [String(status), { $ref: `#/components/responses/${name}` }] as const;
  });
  return Object.fromEntries(entries);
}

function giveExamples({ schemas, paths }: Pick<OpenApi, "paths"> & Pick<Shared, "schemas">): void {
  for (const operation of Object.values(paths).flatMap((each) => Object.values(each))) {
    const answers = Object.values(operation.responses).map(
      ({ content }) => content as Record<string, Json> | undefined,
    );
    for (const content of [operation.requestBody?.content, ...answers]) {
      const json = content?.["application/json"];
      if (content !== undefined && json !== undefined)
        content["application/json"] = { ...json, example: exampleOf(json["schema"] as Json, schemas) };
    }
  }
  const ofProblem = schemas["Problem"];
  if (ofProblem !== undefined) schemas["Problem"] = { ...ofProblem, examples: [exampleOf(ofProblem, schemas)] };
}

function parametersOf(
  route: Route,
  place: "path" | "query",
  schemas: Record<string, Json>,
): readonly OpenApiParameter[] {
  const shape = place === "path" ? route.params : route.query;
  if (shape === undefined) return [];
  return Object.entries(shape.shape).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || !(schema as z.ZodType).safeParse(undefined).success,
    description: (schema as z.ZodType).description ?? parameterWords(route, place, name) ?? "",
    schema: toSchema(schema as z.ZodType, "input", schemas),
  }));
}

/** Raw bytes in OpenAPI 3.1. */
const bytesSchema = { type: "string", format: "binary", description: "raw bytes" };

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
  for (const type of binaryTypes[route.bodyKind]) content[type] = { schema: bytesSchema };
  if (Object.keys(content).length === 0) return undefined;
  return { required: !(route.body?.safeParse(undefined).success ?? false), content };
}

function answerOf(shape: z.ZodType | "bytes" | "empty", schemas: Record<string, Json>): Json {
  if (shape === "empty") return { description: "No content" };
  if (shape === "bytes") return { description: "Bytes", content: { "*/*": { schema: bytesSchema } } };
  return { description: "Done", content: { "application/json": { schema: toSchema(shape, "output", schemas) } } };
}

/** Schemas with a name (`meta.id`) move to the components. */
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
