import type { BackupsJson, StorageJson } from "@holdfast/protocol/admin-routes";
import type { ShardsJson } from "@holdfast/protocol/shard-routes";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Badge, Card, Facts } from "../../design/card.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { When } from "../../design/when.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { doctorQuery } from "./doctor-findings.ts";
import { accountsWords } from "./storage-figures.tsx";

type Fact = readonly [name: string, value: ReactNode];

interface Server {
  readonly storage: StorageJson;
  readonly shards: ShardsJson;
  readonly backups: BackupsJson;
}

export function OverviewFacts() {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = useQuery({
    queryKey: ["admin-overview"],
    queryFn: async ({ signal }): Promise<Server> => {
      const [storage, shards, backups] = await Promise.all([
        client.call("adminGetStorage", { signal }),
        client.call("adminListShards", { signal }),
        client.call("adminGetBackups", { signal }),
      ]);
      return { storage, shards, backups };
    },
  });
  return (
    <Card title={message("overview.facts")}>
      <Loaded load={load} rows={6}>
        {(server) => <ServerFacts server={server} />}
      </Loaded>
    </Card>
  );
}

function ServerFacts({ server: { storage, shards, backups } }: { readonly server: Server }) {
  const words = useMessages();
  const { message, number, size } = words;
  const version = useVersion();
  const nodes = countNodes(shards);
  return (
    <div className="flex flex-col gap-6">
      <Facts
        facts={[
          ...diskFacts(storage, words),
          ...backupFacts(backups, words),
          [message("admin.accounts"), accountsWords(storage, words)],
          ...(nodes === undefined ? [] : [[message("overview.files"), number(nodes)] as const]),
          [message("admin.stored"), size(storage.stored_bytes)],
          ...(version === undefined ? [] : [[message("overview.version"), version] as const]),
        ]}
      />
      {backups.every_ms === null && backups.made_at === null && isEmbedded(shards) && <HowToSchedule />}
    </div>
  );
}

/** @returns undefined if a database is unreachable */
function countNodes({ items }: ShardsJson): number | undefined {
  const counts = items.flatMap(({ nodes }) => nodes ?? []);
  return counts.length < items.length ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/** An external database is backed up with its own tools, so that the server schedules no backups. */
function isEmbedded({ items }: ShardsJson): boolean {
  return items.every(({ database }) => database === "embedded");
}

/** Holdfast and Node.js, as the doctor names them. */
function useVersion(): string | undefined {
  const { client } = useDrive();
  const { data } = useQuery(doctorQuery(client));
  return data?.items.find(({ check }) => check === "versions")?.detail;
}

function diskFacts(
  { disk_bytes: disk, disk_free_bytes: free }: StorageJson,
  { message, percent, size }: Pick<Messages, "message" | "percent" | "size">,
): Fact[] {
  if (disk === null || free === null || disk === 0) return [];
  const used = { percent: percent(1 - free / disk), free: size(free) };
  return [[message("admin.disk"), message("overview.diskUsed", used)]];
}

function backupFacts(
  { made_at: made, place, every_ms: everyMs, drill }: BackupsJson,
  { message, duration }: Pick<Messages, "message" | "duration">,
): Fact[] {
  const never = message("overview.never");
  const backup =
    made === null ? (
      never
    ) : (
      <>
        <When at={made} /> · <bdi>{place}</bdi>
      </>
    );
  const interval = everyMs === null ? message("overview.notScheduled") : duration(everyMs);
  const lastDrill = drill?.done_at ?? null;
  return [
    [message("overview.backup"), backup],
    [message("overview.interval"), interval],
    [
      message("overview.drill"),
      <span key="drill" className="flex flex-wrap items-center gap-2">
        {lastDrill === null ? never : <When at={lastDrill} />}
        {drill !== null && drill.problems > 0 && (
          <Badge kind="bad">{message("overview.drillProblems", { count: drill.problems })}</Badge>
        )}
      </span>,
    ],
  ];
}

/** A program on the server's machine makes backups, so the app can only name the command. */
function HowToSchedule() {
  const { message } = useMessages();
  return (
    <div className="flex flex-col items-start gap-3">
      <div>
        <p className="font-semibold">{message("overview.noSchedule")}</p>
        <p className="text-muted">{message("overview.noScheduleNext")}</p>
      </div>
      <CopyField
        label={message("overview.command")}
        text="holdfast admin backup /mnt/backups --keep 30 --schedule 1d"
      />
    </div>
  );
}
