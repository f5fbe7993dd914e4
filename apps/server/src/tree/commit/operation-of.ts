import type { Operation } from "./operation.ts";

export type OperationOf<Op extends Operation["op"]> = Extract<Operation, { readonly op: Op }>;
