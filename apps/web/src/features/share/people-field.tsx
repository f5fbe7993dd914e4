import type { GroupJson } from "@holdfast/protocol/group-routes";
import { useQuery } from "@tanstack/react-query";
import { useCombobox } from "downshift";
import Users from "lucide-react/icons/users";
import X from "lucide-react/icons/x";
import { type ChangeEvent, type KeyboardEvent, useDeferredValue, useId, useRef } from "react";
import { peopleFor } from "../../data/people.ts";
import { useDrive } from "../../data/use-drive.ts";
import { FieldFrame, inputLook } from "../../design/field.tsx";
import { useFocusWish } from "../../design/focus-wish.ts";
import { SuggestedName } from "../../design/suggested-name.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { chipNameOf, type Invitee, keyOf, nameOf, suggestedFor, takeAddresses, withoutDoubles } from "./permissions.ts";

/** Maximum characters in the field, enough for a pasted list of several hundred addresses. */
const textMax = 20_000;

interface Choice {
  readonly text: string;
  readonly chosen: readonly Invitee[];
  /** Keys of people and groups that already have access. */
  readonly members: ReadonlySet<string>;
  readonly groups: readonly GroupJson[];
  readonly onText: (text: string) => void;
  readonly onChosen: (chosen: readonly Invitee[]) => void;
}

interface PeopleFieldProps extends Choice {
  readonly hint: string;
  readonly error: string | undefined;
}

/** Chooses several people and groups, with suggestions for the text. */
export function PeopleField({ hint, error, ...choice }: PeopleFieldProps) {
  const { text, chosen, onChosen } = choice;
  const { message } = useMessages();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useFocusWish("people", field);
  const { suggested, isListed, write, combobox } = useSuggestions(id, choice);
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    // A held Backspace deletes text only.
    if (event.key === "Backspace" && !event.repeat && text === "") onChosen(chosen.slice(0, -1));
    // Without a suggestion, Enter submits the form.
    if (event.key === "Enter" && !isListed) Object.assign(event.nativeEvent, { preventDownshiftDefault: true });
  };
  const remove = (one: Invitee) => {
    onChosen(chosen.filter((other) => other !== one));
    field.current?.focus();
  };
  return (
    <FieldFrame id={id} label={message("share.whom")} hint={hint} error={error} optional={false}>
      <div className="relative">
        <div
          className={`${inputLook} flex min-h-10 flex-wrap items-center gap-1 py-1 focus-within:outline-2 focus-within:outline-focus pointer-coarse:min-h-11`}
          onClick={() => field.current?.focus()}
        >
          {chosen.map((one) => (
            <Chosen key={keyOf(one)} invitee={one} name={chipNameOf(one, chosen)} onRemove={() => remove(one)} />
          ))}
          <input
            {...combobox.getInputProps({
              ref: field,
              "aria-labelledby": undefined,
              "aria-expanded": isListed,
              // Downshift sets an active option even if the open list is empty.
              ...(isListed ? {} : { "aria-activedescendant": undefined }),
              "aria-describedby": `${id}-about`,
              "aria-invalid": error === undefined ? undefined : true,
              onChange: (event: ChangeEvent<HTMLInputElement>) => write(event.target.value),
              onKeyDown: press,
            })}
            type="text"
            maxLength={textMax}
            inputMode="email"
            autoComplete="off"
            spellCheck={false}
            className="min-w-24 flex-1 bg-transparent py-1 outline-none"
          />
        </div>
        <ul
          {...combobox.getMenuProps({ "aria-label": message("share.suggestions"), "aria-labelledby": undefined })}
          hidden={!isListed}
          className="absolute inset-x-0 top-full z-30 mt-1 max-h-72 overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-over"
        >
          {(isListed ? suggested : []).map((item, index) => (
            <li
              key={keyOf(item)}
              {...combobox.getItemProps({ item, index, "aria-selected": index === combobox.highlightedIndex })}
              className="flex min-h-11 cursor-default items-center gap-3 rounded-md px-2 py-1 aria-selected:bg-selected forced-colors:aria-selected:outline-2 forced-colors:aria-selected:-outline-offset-2"
            >
              <Suggestion invitee={item} />
            </li>
          ))}
        </ul>
      </div>
    </FieldFrame>
  );
}

function useSuggestions(inputId: string, { text, chosen, members, groups, onText, onChosen }: Choice) {
  const people = useQuery(peopleFor(useDrive(), useDeferredValue(text))).data ?? [];
  const suggested = suggestedFor(text, { groups, people }, members.union(new Set(chosen.map(keyOf))));
  const choose = (added: readonly Invitee[], rest: string) => {
    onChosen(withoutDoubles([...chosen, ...added]));
    onText(rest);
  };
  const combobox = useCombobox<Invitee>({
    inputId,
    items: suggested,
    inputValue: text,
    selectedItem: null,
    itemToString: (item) => (item === null ? "" : nameOf(item)),
    defaultHighlightedIndex: 0,
    onStateChange: ({ type, selectedItem }) => {
      // Downshift selects the highlighted suggestion on blur, which the user did not choose.
      if (type !== useCombobox.stateChangeTypes.InputBlur && selectedItem != null) choose([selectedItem], "");
    },
  });
  const write = (written: string) => {
    const { addresses, rest } = takeAddresses(written);
    const added = addresses.map((email) => ({ email }));
    if (added.length > 0) choose(added, rest);
    else onText(written);
  };
  return { suggested, isListed: combobox.isOpen && suggested.length > 0, write, combobox };
}

function Suggestion({ invitee }: { readonly invitee: Invitee }) {
  const { message } = useMessages();
  const name = nameOf(invitee);
  const about = "groupId" in invitee ? message("share.isGroup") : invitee.email;
  return (
    <SuggestedName
      name={name}
      about={about}
      leading={"groupId" in invitee ? <Users aria-hidden size={16} className="mx-2 shrink-0" /> : undefined}
    />
  );
}

interface ChosenProps {
  readonly invitee: Invitee;
  readonly name: string;
  readonly onRemove: () => void;
}

function Chosen({ invitee, name, onRemove }: ChosenProps) {
  const { message } = useMessages();
  return (
    <span className="flex min-w-0 items-center rounded-md bg-selected ps-2">
      {"groupId" in invitee && (
        <Users role="img" aria-label={message("share.isGroup")} size={14} className="me-1.5 shrink-0" />
      )}
      <span className="min-w-0 truncate" title={"email" in invitee ? invitee.email : undefined}>
        <bdi>{name}</bdi>
      </span>
      <button
        type="button"
        aria-label={message("share.unchoose", { name })}
        onClick={(event) => {
          event.stopPropagation();
          onRemove();
        }}
        className="flex size-7 shrink-0 items-center justify-center rounded-md hover:bg-hover pointer-coarse:size-9"
      >
        <X aria-hidden size={14} />
      </button>
    </span>
  );
}
