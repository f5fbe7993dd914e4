import type { ReactNode } from "react";
import { serverName } from "../../browser/server-name.ts";

interface FrontPageProps {
  readonly title: string;
  readonly about?: ReactNode;
  readonly children?: ReactNode;
}

export function FrontPage({ title, about, children }: FrontPageProps) {
  return (
    <main className="flex min-h-dvh flex-col items-center bg-canvas px-4 pt-[max(2rem,10dvh)] pb-8">
      <p className="mb-8 flex w-full max-w-110 items-center justify-center gap-3 text-xl font-semibold">
        <span aria-hidden className="mark size-12 shrink-0" />
        <span className="min-w-0 wrap-anywhere">
          <bdi>{serverName}</bdi>
        </span>
      </p>
      <div className="flex w-full max-w-110 flex-col gap-6 rounded-lg bg-surface p-6 shadow-card sm:p-8 forced-colors:border">
        <div className="flex flex-col gap-2">
          <h1 id="title" tabIndex={-1} className="text-xl font-semibold outline-none">
            {title}
          </h1>
          {about !== undefined && <p className="text-muted wrap-anywhere">{about}</p>}
        </div>
        {children}
      </div>
    </main>
  );
}
