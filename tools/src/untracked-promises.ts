import asyncHooks, { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { isMainThread } from "node:worker_threads";

/**
 * Loaded before `node:test` in a run of several files. node:test finds the test of a call or uncaught error through an
 * async hook on every promise, which takes half of the simulator's CPU time. An `AsyncLocalStorage` finds the same at
 * almost no cost.
 */
const current = new AsyncLocalStorage<number>();
const { createHook, executionAsyncId } = asyncHooks;
const runInAsyncScope: (
  this: AsyncResource,
  call: (this: unknown, ...args: unknown[]) => unknown,
  thisArg?: unknown,
  ...args: unknown[]
) => unknown = Reflect.get(AsyncResource.prototype, "runInAsyncScope");

type Register = (id: number, type: string, triggerId: number, test: object) => void;

/** node:test reads both functions when it loads and then creates its only hook. Everything else gets Node's own. */
function replaceHook(): void {
  const hook = { enable: () => hook, disable: () => hook };
  const replacement = ({ init }: { init?: Register }) => {
    Object.assign(asyncHooks, { createHook, executionAsyncId });
    if (init === undefined) throw new Error("The hook of node:test has changed: see untracked-promises.ts.");
    enterTests(init);
    return hook;
  };
  Object.assign(asyncHooks, {
    createHook: replacement,
    executionAsyncId: () => current.getStore() ?? executionAsyncId(),
  });
}

/** @param register assigns a test to an id in node:test */
function enterTests(register: Register): void {
  const run: typeof runInAsyncScope = function (this: AsyncResource, call, thisArg, ...args) {
    const isTest = "subtests" in this && "nesting" in this;
    if (!isTest) return runInAsyncScope.call(this, call, thisArg, ...args);
    const id = this.asyncId();
    register(id, "Test", 0, this);
    return runInAsyncScope.call(this, () => current.run(id, () => call.apply(thisArg, args)));
  };
  Object.assign(AsyncResource.prototype, { runInAsyncScope: run });
}

if (isMainThread) replaceHook();
