import { makeMemoryStore } from "./memory-store.ts";
import { testStore } from "./store-conformance.ts";

testStore("memory store", async () => makeMemoryStore({ nowMs: () => 1_700_000_000_000 }));
