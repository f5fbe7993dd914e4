import { after, afterEach, before } from "node:test";
import { startTestDatabases, type TestDatabaseOptions, type TestDatabases } from "../../base/db/testing.ts";
import { checkInvariants } from "./invariants.ts";
import { makeTestSpace, type TestSpace, type TestSpaceOptions } from "./testing.ts";

export interface TestSpaces {
  readonly databases: TestDatabases;
  readonly open: (options?: TestSpaceOptions) => Promise<TestSpace>;
}

/** Must be called once in a test file, outside of tests. */
export function useTestSpaces(databaseOptions: TestDatabaseOptions = {}): TestSpaces {
  let databases: TestDatabases;
  const spaces: TestSpace[] = [];
  before(async () => {
    databases = await startTestDatabases(databaseOptions);
  });
  after(() => databases.stop());
  afterEach(async () => {
    for (const space of spaces.splice(0)) await checkInvariants(space.db, space.caller.spaceId);
  });
  return {
    get databases() {
      return databases;
    },
    open: async (options) => {
      const space = await makeTestSpace(databases.shards, options);
      spaces.push(space);
      return space;
    },
  };
}
