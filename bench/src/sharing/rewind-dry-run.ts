import type { Row } from "../report.ts";
import { expect, timedCall } from "./latencies.ts";
import { fillFolder, idSql } from "./made-rows.ts";
import type { SharingServer } from "./sharing-server.ts";
import { costNote } from "./statement-counts.ts";

const goalSeconds = 5;
const rounds = 3;

/** Simulates ransomware: each file of a folder has new content and another name, and the owner requests a rewind's dry run. */
export async function measureRewindDryRun(world: SharingServer, nodes: number): Promise<Row[]> {
  const { owner } = world;
  const folder = (await owner.call("POST", "/metadata", { path: "/rewound", kind: "folder" })).body.id as string;
  await fillFolder(world, folder, nodes);
  const to = new Date().toISOString();
  await encryptAll(world, nodes);
  const work = `dry run of a rewind of ${nodes} files, each rewritten and renamed`;
  const seconds: number[] = [];
  const cost = await world.cost(async () => {
    for (let round = 0; round < rounds; round += 1) {
      const answer = await timedCall(owner, "POST", `/files/${folder}/rewind`, JSON.stringify({ to, dry_run: true }));
      const { reverted, moved } = expect(answer, 200).body;
      if (reverted !== nodes || moved !== nodes) throw new Error(`It would revert ${reverted} and move ${moved}.`);
      seconds.push(answer.ms / 1000);
    }
  });
  const note = `the slowest of ${rounds}; ${costNote(cost, rounds)}`;
  return [{ work, by: "holdfast", value: Math.max(...seconds), unit: "s", goal: { atMost: goalSeconds }, note }];
}

async function encryptAll({ fill, home }: SharingServer, nodes: number): Promise<void> {
  const [file, head] = [idSql(home, "file"), idSql(home, "head")];
  const at = "(extract(epoch from clock_timestamp()) * 1000000)::int8";
  await fill(`
    insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
    select '${home.spaceId}', ${head}, ${file}, 2, sha256(('x' || n)::bytea), 100100, '', '${home.userId}', ${at}
    from generate_series(1, ${nodes}) n`);
  await fill(`
    insert into shard.journal (space_id, seq, tag, node_id, kind, from_parent, from_name, from_modified_at, actor, at)
    select '${home.spaceId}', s.seq + n, '\\x0011223344556677', ${file}, 'changed', null, 'picture ' || n || '.jpg', 1, '${home.userId}', ${at}
    from generate_series(1, ${nodes}) n, shard.spaces s where s.id = '${home.spaceId}'`);
  await fill(`
    update shard.nodes set head_version = v.id, version_number = 2, content_id = v.content_id, name = name || '.locked', name_key = name_key || '.locked', size = v.size
    from shard.versions v where v.space_id = nodes.space_id and v.node_id = nodes.id and v.number = 2 and nodes.space_id = '${home.spaceId}'`);
  await fill(`update shard.spaces set seq = seq + ${nodes} where id = '${home.spaceId}'`);
  await fill("analyze");
}
