import type { Operation } from "./operation.ts";

/** The operation with this `op`. */
export type OperationOf<Op extends Operation["op"]> = Extract<Operation, { readonly op: Op }>;
