type Json = Readonly<Record<string, unknown>>;

const id = "01890a5d-ac96-874e-8000-5b6f3f3c2a01";
const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const moment = "2026-05-04T10:20:30.000000Z";

/** Examples by field name. If a schema rejects one, the example comes from the schema. */
const byName: Readonly<Record<string, unknown>> = {
  id,
  email: "ada@example.com",
  name: "report.pdf",
  path: "/documents/report.pdf",
  kind: "file",
  content_id: hash,
  sha256: hash,
  hash,
  mime_type: "application/pdf",
  size: 48_213,
  version: 3,
  seq: 1042,
  revision: "q7Yw3kP0",
  operation_id: "5f0c6e1c9a7b4d3e8f2a1b0c9d8e7f60",
  password: "correct horse battery staple",
  role: "editor",
  text: "Looks good to me.",
  device_name: "Ada's laptop",
  scopes: ["files:read"],
  next_cursor: null,
  trashed_at: null,
  expires_at: null,
  target: "../notes.txt",
  language: "en",
  url: "https://drive.example.com/s/hfl_4fJ2",
  quota_bytes: 107_374_182_400,
  used_bytes: 48_213,
  stored_bytes: 31_020,
  limits: { file_bytes: 5_497_558_138_880 },
  code: "not_found",
  status: 404,
  type: "/api/docs#not_found",
  title: "Not found",
  detail: "There is no such file or folder.",
};

/**
 * @param schema OpenAPI schema with references into `schemas`
 * @param name field of the value
 */
export function exampleOf(schema: Json, schemas: Readonly<Record<string, Json>>, name = "", depth = 0): unknown {
  const reference = schema["$ref"];
  if (typeof reference === "string") {
    const target = schemas[reference.replace("#/components/schemas/", "")];
    return target === undefined || depth > depthMax ? undefined : exampleOf(target, schemas, name, depth + 1);
  }
  if ("example" in schema) return schema["example"];
  if ("const" in schema) return schema["const"];
  const choices = schema["enum"] as readonly unknown[] | undefined;
  const known = byName[name];
  if (choices !== undefined) return choices.includes(known) ? known : choices[0];
  const options = (schema["anyOf"] ?? schema["oneOf"]) as readonly Json[] | undefined;
  if (options !== undefined) return ofOptions(options, schemas, name, depth);
  if (schema["allOf"] !== undefined) {
    const parts = (schema["allOf"] as readonly Json[]).map((each) => exampleOf(each, schemas, name, depth + 1));
    return Object.assign({}, ...parts);
  }
  return ofType(schema, schemas, name, depth);
}

const depthMax = 6;

function ofOptions(options: readonly Json[], schemas: Readonly<Record<string, Json>>, name: string, depth: number) {
  const mayBeNull = options.some(({ type }) => type === "null");
  if (mayBeNull && (byName[name] === null || byName[name] === undefined)) return null;
  return exampleOf(options.find(({ type }) => type !== "null") ?? {}, schemas, name, depth + 1);
}

function ofType(schema: Json, schemas: Readonly<Record<string, Json>>, name: string, depth: number): unknown {
  const known = byName[name];
  const types = [schema["type"]].flat();
  if (types.includes("null") && (known === null || known === undefined)) return null;
  switch (types[0]) {
    case "object":
      return ofObject(schema, schemas, depth);
    case "array": {
      const item = exampleOf((schema["items"] ?? {}) as Json, schemas, name.replace(/(?<=hash)es$|s$/, ""), depth + 1);
      return item === undefined || depth > depthMax ? [] : [item];
    }
    case "string":
      return typeof known === "string" ? known : textOf(schema, name);
    case "integer":
    case "number":
      return typeof known === "number" ? known : Math.max(1, Number(schema["minimum"] ?? 1));
    case "boolean":
      return false;
    case "null":
      return null;
    case undefined:
    default:
      return {};
  }
}

function ofObject(schema: Json, schemas: Readonly<Record<string, Json>>, depth: number): unknown {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Json>>;
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const shown = Object.entries(properties).filter(([field]) => required.has(field));
  // A change with only optional fields shows one of them.
  const chosen = shown.length > 0 ? shown : Object.entries(properties).slice(0, 1);
  return Object.fromEntries(chosen.map(([field, each]) => [field, exampleOf(each, schemas, field, depth + 1)]));
}

function textOf({ pattern, maxLength }: Json, name: string): string {
  if (typeof pattern === "string" && /\{32\}/.test(pattern)) return String(byName["operation_id"]);
  if (/(?:_at|^at|^to|^from|timestamp|since|moment)$/.test(name)) return moment;
  if (/(?:^|_)ids?$/.test(name)) return id;
  if (/hash(?:es)?$/.test(name)) return hash;
  if (/token|secret|cursor/.test(name)) return "eyJhbGciOi…".slice(0, 10);
  return (name === "" ? "text" : name).slice(0, typeof maxLength === "number" ? maxLength : undefined);
}
