import { type ReactNode, useRef } from "react";
import { useMessages } from "../../messages/use-messages.ts";
import { WrittenPreview, type WrittenText } from "./written-preview.tsx";

interface TextFieldProps {
  readonly name: string;
  readonly text: string;
  readonly isReadOnly: boolean;
  /** Preview beside the field, or instead of it on a small screen. */
  readonly isShown: boolean;
  readonly show: (written: WrittenText) => ReactNode;
  readonly onText: (text: string) => void;
}

export function TextField({ name, text, isReadOnly, isShown, show, onText }: TextFieldProps) {
  const { message } = useMessages();
  const field = useRef<HTMLTextAreaElement>(null);
  return (
    <div className="flex min-h-0 flex-1">
      <textarea
        ref={field}
        aria-label={message("edit.text", { name })}
        value={text}
        readOnly={isReadOnly}
        dir="auto"
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => onText(event.target.value)}
        className={`min-h-0 w-full min-w-0 flex-1 resize-none bg-surface px-4 py-4 font-mono text-base focus-visible:-outline-offset-2 sm:px-8 pointer-coarse:text-lg ${isShown ? "max-lg:hidden" : ""}`}
      />
      {isShown && (
        <WrittenPreview
          name={message("edit.preview", { name })}
          text={text}
          show={show}
          onLeft={() => field.current?.focus()}
        />
      )}
    </div>
  );
}
