import type { ComponentType, ReactNode } from "react";
import type { Kept, Plugin } from "./viewer.ts";

interface OperationsProps {
  readonly specSelectors: { taggedOperations(): Kept; validOperationMethods(): readonly string[]; url(): string };
  readonly getComponent: (name: string, isContainer?: boolean) => ComponentType<object>;
  readonly oas3Selectors: unknown;
  readonly layoutSelectors: unknown;
  readonly layoutActions: unknown;
  readonly getConfigs: unknown;
}

/**
 * Renders all calls. From 150 rows on, the viewer's list renders only visible rows, measured before it is in the page.
 * It then starts in the middle and loses rows on scroll. The browser's search also needs all rows.
 */
export const operations: Plugin = {
  wrapComponents: {
    operations:
      (_original, { React }) =>
      ({ specSelectors, getComponent, ...passed }: OperationsProps) => {
        const groups = specSelectors.taggedOperations();
        if (groups.size === 0)
          return React.createElement("p", { role: "status" }, "No request matches all these words.");
        const known = specSelectors.validOperationMethods();
        const { oas3Selectors, layoutSelectors, layoutActions, getConfigs } = passed;
        const common = { getComponent, oas3Selectors, layoutSelectors, layoutActions, getConfigs };
        const Call = getComponent("OperationContainer", true);
        const Group = getComponent("OperationTag");
        const rows = (group: Kept, tag: string): readonly ReactNode[] =>
          (group.get("operations") as Kept).toArray().map((op) => {
            const [path, method] = [String(op.get("path")), String(op.get("method"))];
            if (!known.includes(method)) return null;
            const props = { key: `${path} ${method}`, specPath: op.get("specPath"), op, path, method, tag };
            return React.createElement(Call, props);
          });
        return React.createElement(
          "div",
          {},
          ...groups
            .entrySeq()
            .toArray()
            .map(([tag, group]) => {
              const props = { key: tag, tagObj: group, tag, specUrl: specSelectors.url(), ...common };
              const content = React.createElement("div", { className: "operation-tag-content" }, ...rows(group, tag));
              return React.createElement(Group, props, content);
            }),
        );
      },
  },
};
