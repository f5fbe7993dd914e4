import type { Kept, Plugin } from "./viewer.ts";

interface FilterProps {
  readonly layoutSelectors: { currentFilter(): unknown };
  readonly layoutActions: { updateFilter(phrase: string): void };
}

/** The viewer's own filter matches only group names and is unlabeled. */
export const search: Plugin = {
  fn: { opsFilter: (groups, phrase) => keepFound(groups, phrase) },
  wrapComponents: {
    FilterContainer:
      (_original, { React }) =>
      ({ layoutSelectors, layoutActions }: FilterProps) => {
        const phrase = layoutSelectors.currentFilter();
        const field = React.createElement(
          "label",
          {},
          "Search requests",
          React.createElement("input", {
            type: "search",
            placeholder: "Path, method or word",
            value: typeof phrase === "string" ? phrase : "",
            onChange: (event: { readonly target: HTMLInputElement }) => layoutActions.updateFilter(event.target.value),
          }),
        );
        return React.createElement("div", { className: "search", role: "search" }, field);
      },
  },
};

/** @returns groups with the calls that contain all words, without empty groups */
function keepFound(groups: Kept, phrase: string): Kept {
  const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .map((group) =>
      group.set(
        "operations",
        (group.get("operations") as Kept).filter((each) => words.every((word) => textOf(each).includes(word))),
      ),
    )
    .filter((group) => (group.get("operations") as Kept).size > 0);
}

function textOf(call: Kept): string {
  const operation = call.get("operation") as Kept;
  return [
    call.get("method"),
    call.get("path"),
    operation.get("summary"),
    operation.get("operationId"),
    operation.get("tags"),
  ]
    .join(" ")
    .toLowerCase();
}
