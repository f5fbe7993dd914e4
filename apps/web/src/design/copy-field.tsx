import Check from "lucide-react/icons/check";
import Copy from "lucide-react/icons/copy";
import { useRef, useState } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { Button } from "./button.tsx";
import { copyText } from "./copy-text.ts";
import { announcer } from "./live-regions.tsx";

/** Text to copy, such as a command, a link or a token. */
export function CopyField({ label, text }: { readonly label: string; readonly text: string }) {
  const { message } = useMessages();
  const place = useRef<HTMLPreElement>(null);
  const [result, setResult] = useState<"copied" | "selected">();
  const copy = async () => {
    const outcome = await copyText(text).then(
      () => "copied" as const,
      () => "selected" as const,
    );
    if (outcome === "selected" && place.current !== null) getSelection()?.selectAllChildren(place.current);
    setResult(outcome);
    announcer.say(message(`design.${outcome}`));
  };
  return (
    <div className="flex w-full min-w-0 flex-col items-start gap-2">
      <pre
        ref={place}
        // Scrollable content must be reachable by keyboard.
        tabIndex={0}
        role="group"
        aria-label={label}
        dir="ltr"
        className="w-full rounded-md border border-line bg-hover px-3 py-2 font-mono text-base wrap-anywhere whitespace-pre-wrap"
      >
        {text}
      </pre>
      <div className="flex flex-wrap items-center gap-3">
        <Button Icon={result === "copied" ? Check : Copy} onClick={() => void copy()}>
          {message(result === "copied" ? "design.copied" : "design.copy")}
        </Button>
        {result === "selected" && <span className="text-sm text-muted">{message("design.selected")}</span>}
      </div>
    </div>
  );
}
