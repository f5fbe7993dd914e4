import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ComponentProps, type SubmitEvent, useId, useRef, useState } from "react";
import type { Reader } from "../../data/people.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { TextField } from "../../design/field.tsx";
import { OptionList } from "../../design/option-list.tsx";
import { SuggestedName } from "../../design/suggested-name.tsx";
import type { Messages } from "../../messages/messages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { mentionAt, mentionedIn, namedAt, type WrittenMention } from "./mention-text.ts";
import { type Commented, useReaders } from "./use-readers.ts";

interface NewCommentProps {
  readonly node: Commented;
  readonly talkers: readonly Reader[];
}

/** Writes a comment. `@` suggests people to mention. */
export function NewComment({ node, talkers }: NewCommentProps) {
  const words = useMessages();
  const { message } = words;
  const field = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<readonly Reader[]>([]);
  const [activeId, setActiveId] = useState<string>();
  const { mention, follow, leave, end } = useMention(text, chosen);
  const suggested = useReaders({ node, talkers, wanted: mention?.wanted });
  const isListed = suggested.length > 0;
  const send = useSend(node.id, ({ said }) => setText((now) => (now.trim() === said ? "" : now)));
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = text.trim();
    if (said === "") return;
    send.mutate({ said, mentioned: mentionedIn(said, chosen) }, { onError: () => field.current?.focus() });
  };
  const choose = (person: Reader) => {
    setChosen([...chosen.filter(({ id }) => id !== person.id), person]);
    if (mention !== undefined && field.current !== null) insertName(field.current, mention, person.name);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <TextField
        ref={field}
        label={message("details.newComment")}
        hint={message("details.mentionHint")}
        error={send.error === null ? undefined : failureWords(send.error, send.variables?.mentioned ?? [], words)}
        rows={3}
        maxLength={2000}
        value={text}
        aria-autocomplete="list"
        aria-controls={isListed ? listId : undefined}
        aria-activedescendant={isListed ? activeId : undefined}
        data-keeps-escape={isListed ? "" : undefined}
        onChange={({ target }) => {
          setText(target.value);
          follow(target);
        }}
        onSelect={({ currentTarget }) => follow(currentTarget)}
        onBlur={leave}
      />
      {isListed && (
        <Suggestions
          id={listId}
          field={field}
          suggested={suggested}
          wanted={mention?.wanted ?? ""}
          onChoose={choose}
          onActive={setActiveId}
          onLeave={end}
        />
      )}
      <div className="flex justify-end">
        <Button kind="primary" type="submit" busy={send.isPending} disabled={text.trim() === ""}>
          {message("details.comment")}
        </Button>
      </div>
    </form>
  );
}

interface SuggestionsProps extends Pick<
  ComponentProps<typeof OptionList>,
  "id" | "field" | "wanted" | "onActive" | "onLeave"
> {
  readonly suggested: readonly Reader[];
  readonly onChoose: (person: Reader) => void;
}

function Suggestions({ suggested, onChoose, ...list }: SuggestionsProps) {
  const { message } = useMessages();
  return (
    <div ref={reveal}>
      <OptionList
        {...list}
        label={message("details.mentionable")}
        options={suggested.map((person) => ({
          id: person.id,
          content: <SuggestedName name={person.name} about={person.email} />,
          run: () => onChoose(person),
        }))}
        startsAtFirst
        takesTab
        place="flow"
      />
    </div>
  );
}

/** The list may be below the visible part of the panel. */
function reveal(list: HTMLElement | null): void {
  list?.scrollIntoView({ block: "nearest" });
}

function insertName(field: HTMLTextAreaElement, { from, wanted }: WrittenMention, name: string): void {
  field.setRangeText(`@${name} `, from, from + 1 + wanted.length, "end");
  // React takes the text over from the field, and so leaves the cursor where it is.
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** The mention at the cursor, until it is complete, Escape ends it, or the focus leaves the field. */
function useMention(text: string, chosen: readonly Reader[]) {
  const [cursor, setCursor] = useState<number>();
  const [ended, setEnded] = useState<number>();
  const found = cursor === undefined ? undefined : mentionAt(text, cursor);
  const isFull = mentionedIn(text, chosen).length >= limits.mentionsMax;
  const isOpen =
    found !== undefined && found.from !== ended && !isFull && namedAt(text, found.from, chosen).length === 0;
  return {
    mention: isOpen ? found : undefined,
    follow: ({ value, selectionStart, selectionEnd }: HTMLTextAreaElement) => {
      setCursor(selectionStart === selectionEnd ? selectionStart : undefined);
      if (mentionAt(value, selectionStart) === undefined) setEnded(undefined);
    },
    leave: () => setCursor(undefined),
    end: () => setEnded(found?.from),
  };
}

interface Sent {
  readonly said: string;
  readonly mentioned: readonly Reader[];
}

function useSend(nodeId: string, onSent: (sent: Sent) => void) {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ said, mentioned }: Sent) => {
      const mentions = mentioned.map(({ id }) => id);
      return client.call("createComment", { params: { id: nodeId }, body: { text: said, mentions } });
    },
    onSuccess: (_, sent) => onSent(sent),
    onSettled: () => queries.invalidateQueries({ queryKey: ["comments", nodeId] }),
  });
}

/** The server rejects a person who cannot read the item by their position in the list. */
function failureWords(thrown: unknown, mentioned: readonly Reader[], words: Messages): string {
  const at = /^mentions\[(\d+)\]$/.exec(toHoldfastError(thrown).field ?? "")?.[1];
  const person = at === undefined ? undefined : mentioned[Number(at)];
  if (person === undefined) return problemWords(thrown, words);
  return words.message("details.cannotMention", { name: person.name });
}
