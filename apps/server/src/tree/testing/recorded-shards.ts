import type { CompiledQuery, KyselyPlugin } from "kysely";
import type { Shard, Shards } from "../../base/db/shards.ts";

export function recorded(shards: Shards, compiled: CompiledQuery[]): Shards {
  const wrap = (shard: Shard): Shard => {
    // With a plugin, even one that does nothing, the database gets its own executor.
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => result,
    };
    const db = shard.db.withPlugin(plugin);
    const execute = db.getExecutor();
    const executeQuery = execute.executeQuery.bind(execute);
    execute.executeQuery = ((query: CompiledQuery, ...rest: never[]) => {
      compiled.push(query);
      return (executeQuery as (...all: unknown[]) => unknown)(query, ...rest);
    }) as never;
    return { ...shard, db, primary: db };
  };
  const wrapped = new Map(shards.all().map((shard) => [shard, wrap(shard)]));
  const of = (shard: Shard) => wrapped.get(shard) ?? shard;
  return { of: (bucket) => of(shards.of(bucket)), ofId: (id) => of(shards.ofId(id)), all: () => [...wrapped.values()] };
}
