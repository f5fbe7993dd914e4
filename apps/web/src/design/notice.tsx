import CircleAlert from "lucide-react/icons/circle-alert";
import CircleCheck from "lucide-react/icons/circle-check";
import Info from "lucide-react/icons/info";
import TriangleAlert from "lucide-react/icons/triangle-alert";
import type { ReactNode } from "react";
import type { Icon as IconType } from "./icon.ts";

type Kind = "info" | "success" | "warning" | "error";

interface NoticeProps {
  readonly kind: Kind;
  readonly title?: string;
  readonly children?: ReactNode;
  readonly acts?: ReactNode;
  /** Announces the notice. Set it if an action caused the notice. */
  readonly isNews?: boolean;
}

export function Notice({ kind, title, children, acts, isNews }: NoticeProps) {
  const { Icon, look } = looks[kind];
  return (
    <div
      role={isNews === true ? roles[kind] : undefined}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md border border-line bg-surface px-4 py-3"
    >
      <Icon aria-hidden size={18} className={`shrink-0 self-start ${look}`} />
      <div className="min-w-0 flex-1 basis-48">
        {title !== undefined && <p className="font-semibold">{title}</p>}
        {children !== undefined && <div className="text-text">{children}</div>}
      </div>
      {acts !== undefined && <div className="flex flex-wrap gap-2">{acts}</div>}
    </div>
  );
}

interface EmptyProps {
  readonly Icon?: IconType;
  readonly title: string;
  readonly children?: ReactNode;
  readonly acts?: ReactNode;
}

/** Placeholder for an empty list; explains how to begin. */
export function Empty({ Icon, title, children, acts }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      {Icon !== undefined && <Icon aria-hidden size={40} strokeWidth={1.25} className="mb-2 text-muted" />}
      <h2 className="text-lg font-semibold">{title}</h2>
      {children !== undefined && <div className="max-w-prose text-muted">{children}</div>}
      {acts !== undefined && <div className="mt-4 flex flex-wrap justify-center gap-2">{acts}</div>}
    </div>
  );
}

/** Placeholder for failed content: the problem, that nothing is lost and the next step. */
export function Failure({ title, children, acts }: Omit<EmptyProps, "Icon">) {
  return (
    <div role="alert">
      <Empty Icon={CircleAlert} title={title} acts={acts}>
        {children}
      </Empty>
    </div>
  );
}

const looks: Readonly<Record<Kind, { readonly Icon: IconType; readonly look: string }>> = {
  info: { Icon: Info, look: "text-muted" },
  success: { Icon: CircleCheck, look: "text-success" },
  warning: { Icon: TriangleAlert, look: "text-warning" },
  error: { Icon: CircleAlert, look: "text-danger" },
};
const roles = { info: "status", success: "status", warning: "status", error: "alert" } as const;
