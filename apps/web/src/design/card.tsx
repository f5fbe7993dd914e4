import { type ReactNode, useId } from "react";

interface CardProps {
  readonly title: string;
  /** Set if the page's heading shows the title. */
  readonly isTitleHidden?: boolean;
  readonly about?: ReactNode;
  readonly acts?: ReactNode;
  readonly children?: ReactNode;
}

export function Card({ title, isTitleHidden, about, acts, children }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className="flex min-w-0 flex-col gap-4 rounded-lg bg-surface p-4 shadow-card sm:p-6 forced-colors:border"
    >
      <div className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-60">
          <h2 id={id} className={isTitleHidden === true ? "sr-only" : "text-lg font-semibold"}>
            {title}
          </h2>
          {about !== undefined && (
            <p className={`max-w-prose text-muted ${isTitleHidden === true ? "" : "mt-1"}`}>{about}</p>
          )}
        </div>
        {acts}
      </div>
      {children}
    </section>
  );
}

export function Items({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <ul aria-label={label} className="divide-y divide-line">
      {children}
    </ul>
  );
}

interface ItemProps {
  readonly title: ReactNode;
  readonly about?: ReactNode;
  readonly leading?: ReactNode;
  readonly acts?: ReactNode;
}

export function Item({ title, about, leading, acts }: ItemProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      {leading}
      <div className="min-w-0 flex-1 basis-40">
        <div className="font-semibold wrap-anywhere">{title}</div>
        {about !== undefined && <div className="text-muted wrap-anywhere">{about}</div>}
      </div>
      {acts !== undefined && <div className="flex flex-wrap items-center gap-2">{acts}</div>}
    </li>
  );
}

export function Badge({ children, kind = "plain" }: { readonly children: ReactNode; readonly kind?: "plain" | "bad" }) {
  return (
    <span
      className={`inline-block rounded-md border px-1.5 text-sm font-normal ${kind === "bad" ? "border-danger text-danger" : "border-line text-muted"}`}
    >
      {children}
    </span>
  );
}

export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[minmax(8rem,auto)_1fr]">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted max-sm:-mb-2">{name}</dt>
          <dd className="min-w-0 wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
