import type { ScrubReportJson } from "@holdfast/protocol/scrub-routes";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card, Facts, Item, Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { StorageFigures } from "./storage-figures.tsx";

const queryKey = ["admin-scrub"] as const;
const runningPollMs = 2000;

export function Storage() {
  return (
    <>
      <StorageFigures />
      <Scrub />
    </>
  );
}

/** Last full verification of all packs. */
function Scrub() {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const load = useQuery({
    queryKey,
    queryFn: ({ signal }) => client.call("adminGetScrub", { signal }),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? runningPollMs : false),
  });
  const start = useMutation({
    mutationFn: () => client.call("adminStartScrub"),
    onSuccess: (report) => queries.setQueryData(queryKey, report),
  });
  return (
    <Card
      title={message("admin.scrub")}
      about={message("admin.scrubAbout")}
      acts={
        <Button busy={start.isPending} onClick={() => start.mutate()}>
          {message("admin.scrubStart")}
        </Button>
      }
    >
      {start.error !== null && (
        <Notice kind="error" isNews>
          {problemWords(start.error, words)}
        </Notice>
      )}
      <Loaded load={load}>{(report) => <Report report={report} />}</Loaded>
    </Card>
  );
}

const states = {
  never: "admin.scrubNever",
  running: "admin.scrubRunning",
  done: "admin.scrubDone",
  failed: "admin.scrubFailed",
} as const satisfies Record<ScrubReportJson["state"], string>;

function Report({ report }: { readonly report: ScrubReportJson }) {
  const { message, number, dateTime } = useMessages();
  const { state, started_at: started, finished_at: finished, damaged } = report;
  const isWhole = state === "done" && damaged.length === 0;
  return (
    <div className="flex flex-col gap-4">
      {isWhole && <Notice kind="success" title={message("admin.whole")} />}
      {damaged.length > 0 && (
        <Notice kind="error" title={message("admin.damaged", { count: damaged.length })}>
          {message("admin.damagedNext")}
        </Notice>
      )}
      {state === "failed" && (
        <Notice kind="warning" title={message("admin.scrubFailed")}>
          {message("admin.scrubFailedNext")}
        </Notice>
      )}
      <Facts
        facts={[
          [message("admin.state"), message(states[state])],
          ...(started === null ? [] : [[message("admin.started"), dateTime(started)] as const]),
          ...(finished === null ? [] : [[message("admin.finished"), dateTime(finished)] as const]),
          ...(state === "never"
            ? []
            : ([
                [message("admin.packs"), number(report.packs)],
                [message("admin.blocks"), number(report.blocks)],
                [message("admin.healed"), number(report.healed + report.revived)],
              ] as const)),
        ]}
      />
      {damaged.length > 0 && (
        <Items label={message("admin.damagedFiles")}>
          {damaged.map((place) => (
            <DamagedItem key={`${place.pack_id} ${place.hash ?? ""}`} place={place} />
          ))}
        </Items>
      )}
    </div>
  );
}

function DamagedItem({ place }: { readonly place: ScrubReportJson["damaged"][number] }) {
  const { message, ago } = useMessages();
  const { pack_id: pack, reason, files, found_at: found } = place;
  return (
    <Item
      title={
        files.length === 0
          ? message("admin.damagedWithout")
          : files.map(({ node_id: id, path, owner, version }) => (
              <p key={`${id} ${version}`}>
                <bdi>{owner}</bdi>: <bdi>{path}</bdi>
              </p>
            ))
      }
      about={
        <>
          <p>
            {[reason, ...(found === undefined ? [] : [message("admin.damagedSince", { when: ago(found) })])].join(
              " · ",
            )}
          </p>
          <p className="font-mono text-sm">{pack}</p>
        </>
      }
    />
  );
}
