import { z } from "zod";

interface SchemaError {
  readonly instancePath: string;
  readonly message?: string;
  readonly keyword: string;
  readonly params: object;
}

/** Compiled from the OpenAPI document of Kubernetes. */
interface Validate {
  (data: unknown): boolean;
  readonly errors?: readonly SchemaError[] | null;
}

export interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Problems of a manifest, like those of `kubeconform -strict`: errors of the schema, and fields that are not in it. */
export async function findProblems(manifest: Typed): Promise<string[]> {
  const own = customSchemas[`${manifest.apiVersion} ${manifest.kind}`];
  if (own !== undefined) return zodProblems(own, manifest);
  const validate = await loadSchema(manifest);
  const { observed, unread } = observe(manifest);
  validate(observed);
  const errors = validate.errors ?? [];
  return [
    ...errors.map(({ instancePath, keyword, params }) => `${instancePath} ${keyword} ${JSON.stringify(params)}`),
    ...unread().map((path) => `${path} is unknown`),
  ];
}

async function loadSchema({ apiVersion, kind }: Typed): Promise<Validate> {
  const [version = "", group = "core"] = apiVersion.split("/").toReversed();
  const name = `IoK8sApi${capital(group.split(".")[0] ?? "")}${capital(version)}${kind}`;
  return ((await import(`kubernetes-models/_schemas/${name}`)) as { readonly validate: Validate }).validate;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** The schemas allow additional fields. A field that the validator never reads is not in the schema. */
function observe(data: object): { readonly observed: object; readonly unread: () => string[] } {
  const fields = new Set<string>();
  const read = new Set<string>();
  const wrap = (value: unknown, path: string): unknown => {
    if (typeof value !== "object" || value === null) return value;
    for (const key of Object.keys(value)) fields.add(`${path}/${key}`);
    return new Proxy(value, {
      get(target, key) {
        const place = `${path}/${String(key)}`;
        read.add(place);
        return wrap(Reflect.get(target, key), place);
      },
    });
  };
  const observed = wrap(data, "") as object;
  return { observed, unread: () => [...fields].filter((field) => !read.has(field)) };
}

function zodProblems(schema: z.ZodType, manifest: unknown): string[] {
  const { error } = schema.safeParse(manifest);
  return (error?.issues ?? []).map(({ path, message }) => `/${path.join("/")} ${message}`);
}

const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string(), namespace: z.string(), labels });

/** The fields that the chart uses, because Kubernetes has no schema of resources that others define. */
const customSchemas: Readonly<Record<string, z.ZodType>> = {
  // https://gateway-api.sigs.k8s.io/reference/spec/
  "gateway.networking.k8s.io/v1 HTTPRoute": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      parentRefs: z.array(
        z.strictObject({ name: z.string(), namespace: z.string(), sectionName: z.string().optional() }),
      ),
      hostnames: z.array(z.hostname()),
      rules: z
        .array(
          z.strictObject({
            matches: z.array(
              z.strictObject({ path: z.strictObject({ type: z.enum(["Exact", "PathPrefix"]), value: z.string() }) }),
            ),
            timeouts: z.strictObject({ request: z.string() }),
            backendRefs: z.array(z.strictObject({ name: z.string(), port: z.int() })),
          }),
        )
        .max(16),
    }),
  }),
  // https://prometheus-operator.dev/docs/api-reference/api/
  "monitoring.coreos.com/v1 PodMonitor": z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata,
    spec: z.strictObject({
      jobLabel: z.string(),
      selector: z.strictObject({ matchLabels: labels }),
      podMetricsEndpoints: z.array(
        z.strictObject({
          port: z.string(),
          path: z.string(),
          interval: z.string(),
          authorization: z.strictObject({ credentials: z.strictObject({ name: z.string(), key: z.string() }) }),
        }),
      ),
    }),
  }),
};
