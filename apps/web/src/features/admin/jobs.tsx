import type { QueuedJobJson } from "@holdfast/protocol/job-routes";
import ListChecks from "lucide-react/icons/list-checks";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { ProblemText } from "../../design/problem-text.tsx";
import { Tabs } from "../../design/tabs.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";

const jobsKey = ["admin-jobs"] as const;
const runningPollMs = 2000;

export function Jobs() {
  const { message } = useMessages();
  const [tab, setTab] = useState<"waiting" | "dead">("waiting");
  return (
    <Card title={message("admin.jobs")} isTitleHidden about={message("admin.jobsAbout")}>
      <Tabs
        label={message("admin.jobs")}
        value={tab}
        onChoose={setTab}
        tabs={[
          { value: "waiting", label: message("admin.jobsAll") },
          { value: "dead", label: message("admin.jobsDead") },
        ]}
      >
        <div className="flex flex-col gap-4 pt-4">
          <JobList key={tab} onlyDead={tab === "dead"} />
        </div>
      </Tabs>
    </Card>
  );
}

function JobList({ onlyDead }: { readonly onlyDead: boolean }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = usePages(
    [...jobsKey, onlyDead],
    (cursor, signal) =>
      client.call("adminListJobs", { query: { limit: 50, cursor, ...(onlyDead ? { dead: "true" } : {}) }, signal }),
    // A running job has no actions and soon ends.
    { againMs: (jobs) => jobs.some(({ state }) => state === "running") && runningPollMs },
  );
  return (
    <PagedItems
      label={message("admin.jobs")}
      load={load}
      empty={{ Icon: ListChecks, title: message(onlyDead ? "admin.noDeadJobs" : "admin.noJobs") }}
    >
      {(job) => <JobItem key={job.id} job={job} />}
    </PagedItems>
  );
}

const states = { waiting: "admin.jobWaiting", running: "admin.jobRunning", dead: "admin.jobDead" } as const;

function JobItem({ job }: { readonly job: QueuedJobJson }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asks, setAsks] = useState(false);
  const params = { id: job.id };
  const retry = useAct(jobsKey, () => client.call("adminRetryJob", { params }), message("admin.jobRetried"));
  const remove = useAct(jobsKey, () => client.call("adminRemoveJob", { params }), message("admin.jobRemoved"));
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-mono">{job.kind}</span>
          <Badge kind={job.state === "dead" ? "bad" : "plain"}>{message(states[job.state])}</Badge>
        </span>
      }
      about={
        <>
          <JobTimes job={job} />
          {job.problem !== null && <ProblemText>{job.problem}</ProblemText>}
        </>
      }
      acts={
        job.state !== "running" && (
          <>
            <Button busy={retry.isPending} onClick={() => retry.mutate(undefined)}>
              {message("admin.jobRetry")}
            </Button>
            <Button kind="quiet" onClick={() => setAsks(true)}>
              {message("admin.jobRemove")}…
            </Button>
            <FormDialog
              open={asks}
              size="small"
              title={message("admin.jobRemoveTitle")}
              about={message("admin.jobRemoveAbout", { kind: job.kind })}
              act={message("admin.jobRemove")}
              isDanger
              busy={remove.isPending}
              onSubmit={() => remove.mutate(undefined, { onSettled: () => setAsks(false) })}
              onClose={() => setAsks(false)}
            />
          </>
        )
      }
    />
  );
}

function JobTimes({ job }: { readonly job: QueuedJobJson }) {
  const { message, ago } = useMessages();
  const { attempts, created_at: created, due_at: due, died_at: died, state } = job;
  const notes = [
    message("admin.jobTried", { count: attempts }),
    message("admin.jobKept", { when: ago(created) }),
    ...(state === "waiting" && due !== null ? [message("admin.jobDue", { when: ago(due) })] : []),
    ...(died === null ? [] : [message("admin.jobDied", { when: ago(died) })]),
  ];
  return <p>{notes.join(" · ")}</p>;
}
