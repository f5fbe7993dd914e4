import { Link } from "@tanstack/react-router";
import ShieldAlert from "lucide-react/icons/shield-alert";
import { useId } from "react";
import { useMessages } from "../../messages/use-messages.ts";

/** Deadline for accounts without a second factor. */
export function FactorBanner({ dueAt }: { readonly dueAt: string }) {
  const { message, day } = useMessages();
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className="flex flex-wrap items-center gap-x-2 border-y border-line bg-surface px-4 py-2 lg:px-6"
    >
      <ShieldAlert aria-hidden size={16} className="shrink-0 text-warning" />
      <p id={id} className="min-w-0">
        {message("factor.due", { when: day(dueAt) })}
      </p>
      <Link to="/settings/{-$section}" params={{ section: "security" }} className="shrink-0 text-accent underline">
        {message("factor.setUp")}
      </Link>
    </section>
  );
}
