import { useMessages } from "../messages/use-messages.ts";

interface ProgressProps {
  readonly label: string;
  /** Value from 0 to 1; undefined if the duration is unknown. */
  readonly value?: number | undefined;
  /** Sent but not yet stored, from 0 to 1. Drawn lighter. */
  readonly ahead?: number | undefined;
  /** End of a part that failed, after `value`, from 0 to 1. */
  readonly failed?: number | undefined;
  readonly state?: "running" | "paused" | "failed" | "done";
  readonly text?: string | undefined;
}

export function Progress({ label, value, ahead, failed, state = "running", text }: ProgressProps) {
  const { percent } = useMessages();
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === undefined ? undefined : Math.floor(value * 100)}
      // Rounded down: 100 % only when everything is stored.
      aria-valuetext={text ?? (value === undefined ? undefined : percent(Math.floor(value * 100) / 100))}
      className="relative h-1.5 w-full overflow-hidden rounded-md bg-pressed forced-colors:border forced-colors:border-edge"
    >
      {ahead !== undefined && <Bar part={ahead} look="bg-accent opacity-35" />}
      {failed !== undefined && <Bar part={failed} look="bg-danger" />}
      {value === undefined ? (
        <div className="absolute inset-y-0 w-1/3 animate-slide rounded-md bg-accent forced-colors:bg-[Highlight]" />
      ) : (
        <Bar part={value} look={barLooks[state]} />
      )}
    </div>
  );
}

const barLooks = {
  running: "bg-accent",
  paused: "bg-edge",
  failed: "bg-danger",
  done: "bg-success",
} as const;

function Bar({ part, look }: { readonly part: number; readonly look: string }) {
  const width = `${Math.min(Math.max(part, 0), 1) * 100}%`;
  return (
    <div
      style={{ width }}
      className={`absolute inset-y-0 start-0 rounded-md transition-[width] duration-200 forced-colors:bg-[Highlight] ${look}`}
    />
  );
}

export function Spinner() {
  return (
    <svg aria-hidden viewBox="0 0 16 16" className="size-4 shrink-0 animate-spin">
      <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" strokeWidth="2" opacity="0.25" />
      <path d="M8 1.5a6.5 6.5 0 0 1 6.5 6.5" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}

/** Invisible for 150 ms, because most lists load faster. */
export function RowShapes({ rows = 8 }: { readonly rows?: number }) {
  const { message } = useMessages();
  return (
    <div role="status" aria-label={message("design.loading")} className="animate-appear-late">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex h-row items-center gap-3 px-4">
          <div className="size-6 rounded-md bg-pressed" />
          <div className={`h-3 rounded-md bg-pressed ${widths[index % widths.length] ?? ""}`} />
        </div>
      ))}
    </div>
  );
}

const widths = ["w-2/5", "w-1/4", "w-1/3", "w-1/2"];
