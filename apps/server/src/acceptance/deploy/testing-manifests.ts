import assert from "node:assert/strict";
import { chartExamples, readRendered } from "@holdfast/tools/render-chart";
import { parseAllDocuments } from "yaml";
import type { Typed } from "./testing-schema.ts";

type Labels = Readonly<Record<string, string>>;

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext: {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly sizeLimit?: string };
  readonly configMap?: { readonly name: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly secret: {
        readonly name: string;
        readonly items: readonly { readonly key: string; readonly path: string }[];
      };
    }[];
  };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
}

interface Selector {
  readonly matchLabels: Labels;
}

interface IngressPath {
  readonly path: string;
  readonly pathType: string;
  readonly backend: { readonly service: { readonly name: string } };
}

interface HttpRule {
  readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[];
  readonly backendRefs: readonly { readonly name: string }[];
}

export interface Manifest extends Typed {
  readonly metadata: { readonly name: string; readonly labels: Labels; readonly annotations?: Labels };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: Selector | Labels;
    readonly podSelector?: Selector;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly metrics?: readonly {
      readonly pods?: { readonly metric: { readonly name: string } };
      readonly external?: { readonly metric: { readonly name: string } };
    }[];
    readonly rules: readonly (HttpRule & { readonly http: { readonly paths: readonly IngressPath[] } })[];
    readonly ingress?: readonly { readonly from: readonly object[]; readonly ports: readonly object[] }[];
    readonly podMetricsEndpoints?: readonly { readonly port: string; readonly path: string }[];
  };
}

/** The manifests of each example. */
export const rendered: ReadonlyMap<string, readonly Manifest[]> = new Map(
  chartExamples.map((example) => [example, parseManifests(readRendered(example))]),
);

/** @throws on errors of the syntax, such as a repeated key */
function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    assert.deepEqual(document.errors, []);
    return (document.toJS() as Manifest | null) ?? [];
  });
}

export function ofKind(manifests: readonly Manifest[], ...kinds: readonly string[]): Manifest[] {
  return manifests.filter(({ kind }) => kinds.includes(kind));
}

export function named(manifests: readonly Manifest[], name: string): Manifest {
  const found = manifests.find((manifest) => manifest.metadata.name === name);
  assert.ok(found, name);
  return found;
}

export function serversOf(manifests: readonly Manifest[]): Manifest[] {
  return ofKind(manifests, "Deployment", "StatefulSet");
}

/** Everything that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): Manifest[] {
  return ofKind(manifests, "Deployment", "StatefulSet", "Job");
}

export function containerOf({ spec }: Manifest): Container {
  const [container, ...others] = spec.template.spec.containers;
  assert.ok(container);
  assert.deepEqual(others, []);
  return container;
}

export function environmentOf(workload: Manifest): Record<string, string> {
  const { env } = containerOf(workload);
  assert.equal(new Set(env.map(({ name }) => name)).size, env.length, "a variable is set twice");
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

/** Names of the workloads whose pods have these labels. */
export function selectedBy(manifests: readonly Manifest[], labels: Labels): string[] {
  return workloadsOf(manifests)
    .filter(({ spec }) => {
      const own = spec.template.metadata.labels;
      return Object.entries(labels).every(([name, value]) => own[name] === value);
    })
    .map(({ metadata }) => metadata.name);
}

/** Name of the Service that a proxy with the Ingress or HTTPRoute chooses for a path. */
export function backendOf({ kind, spec }: Manifest, path: string): string | undefined {
  const [ingress] = spec.rules;
  const places =
    kind === "Ingress"
      ? (ingress?.http.paths ?? []).map((each) => ({
          type: each.pathType,
          value: each.path,
          service: each.backend.service.name,
        }))
      : spec.rules.flatMap(({ matches, backendRefs }) =>
          matches.map((match) => ({ ...match.path, service: backendRefs[0]?.name })),
        );
  const exact = places.find(({ type, value }) => type === "Exact" && value === path);
  const prefixes = places.filter(({ type, value }) => type.endsWith("Prefix") && isBelow(path, value));
  return (exact ?? prefixes.toSorted((a, b) => b.value.length - a.value.length)[0])?.service;
}

/** Compares whole segments, as Kubernetes does. */
function isBelow(path: string, prefix: string): boolean {
  return prefix === "/" || path === prefix || path.startsWith(`${prefix}/`);
}
